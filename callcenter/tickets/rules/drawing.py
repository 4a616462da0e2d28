"""The table of moves as people read it: a diagram (Mermaid) and a table (Markdown), in Chinese and in English."""

from collections.abc import Iterable
from typing import Literal

from callcenter.tickets.rules.effects import EFFECTS, PARTS, STANDING, WHO, Field, Part
from callcenter.tickets.rules.moves import NAMES, OPEN_STATES, TABLE, Move
from callcenter.tickets.rules.words import STATES

Language = Literal["zh", "en"]

#: Between these lines a README holds what is drawn here.
BEGIN, END = "<!-- moves -->", "<!-- /moves -->"
_FIELDS: dict[Field, str] = {
    "words": "文字说明",
    "unit": "主办单位",
    "helpers": "协办单位",
    "days": "天数",
    "main": "主单号",
    "urgency": "紧急程度",
    "satisfaction": "满意度",
    "answer": "答复",
    "confidential": "是否保密",
    "fields": "修改内容",
    "attachments": "附件",
}
_HEADS = {
    "zh": ("步骤", "谁", "从", "到", "必填", "随之"),
    "en": ("move", "who", "from", "to", "needs", "what follows"),
}
_ANY = {"zh": "任何未结状态", "en": "any open state"}
_NONE = {"zh": "（新建）", "en": "(new)"}
_SAME = {"zh": "不变", "en": "the same"}


def section(language: Language) -> str:
    """Return what stands between the markers of the README in `language`, with them."""
    return f"{BEGIN}\n\n{diagram(language)}\n\n{table(language)}\n\n{END}"


def replaced(text: str, language: Language) -> str:
    """Return the README `text` with its section drawn anew. Raises ValueError when it has no markers."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"no lines {BEGIN} and {END}")
    return before + section(language) + after


def diagram(language: Language) -> str:
    """Return the moves that change the state, as a Mermaid state diagram; undoing a merge is left out."""
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f'    state "{_state(state, language)}" as {state}' for state in STATES]
    arrows: dict[tuple[str, str], list[str]] = {}
    for row in TABLE:
        for goal in row.to if row.name != "unmerge" else ():
            if goal != row.source:
                arrows.setdefault((row.source or "[*]", goal), []).append(_label(row, language))
    lines += [f"    {source} --> {goal}: {', '.join(labels)}" for (source, goal), labels in arrows.items()]
    return "\n".join([*lines, "```"])


def table(language: Language) -> str:
    """Return every move as a Markdown table; rows that differ only in where they start stand together."""
    lines = ["| " + " | ".join(_HEADS[language]) + " |", "| --- " * len(_HEADS[language]) + "|"]
    alike: dict[object, list[Move]] = {}
    for row in sorted(TABLE, key=lambda one: NAMES.index(one.name)):
        alike.setdefault((row.name, () if _stays(row) else row.to, row.by, row.starts), []).append(row)
    lines += ["| " + " | ".join(_line(rows, language)) + " |" for rows in alike.values()]
    return "\n".join(lines)


def _line(rows: list[Move], language: Language) -> Iterable[str]:
    row = rows[0]
    comma = "、" if language == "zh" else ", "
    sources = tuple(one.source for one in rows)
    chinese = language == "zh"
    return (
        f"{_label(row, language)} `{row.name}`",
        comma.join(_part(part, language) for part in WHO if part in row.by),
        _ANY[language] if sources == OPEN_STATES else comma.join(_state(one, language) for one in sources),
        _SAME[language] if _stays(row) else comma.join(_state(one, language) for one in row.to),
        comma.join(_FIELDS[name] if chinese else name for name in row.needs),
        ("；" if chinese else "; ").join(EFFECTS[effect][1 if chinese else 0] for effect in row.starts),
    )


def _stays(row: Move) -> bool:
    """Whether the move never changes the state, wherever it starts."""
    return all(one.to == (one.source,) for one in TABLE if one.name == row.name)


def _label(row: Move, language: Language) -> str:
    return row.chinese if language == "zh" else row.label


def _part(part: Part, language: Language) -> str:
    return PARTS[part] if language == "zh" else WHO[part]


def _state(state: str | None, language: Language) -> str:
    if state is None:
        return _NONE[language]
    return STATES[state] if language == "zh" else STANDING[state]
