"""Every deed that the code records has words, and no words are of a deed that nothing records: read from the source."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from callcenter.panel.i18n import DEFAULT_LANGUAGE, load, use
from callcenter.panel.trail import deeds
from callcenter.paths import ROOT

CODE = ROOT / "callcenter"
Function = ast.FunctionDef | ast.AsyncFunctionDef
#: How deep an action is handed from function to function before it reaches the trail.
DEEPEST = 3


class Source:
    """One module."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.functions = [node for node in ast.walk(self.tree) if isinstance(node, Function)]

    def calls(self, name: str) -> Iterator[tuple[ast.Call, Function | None]]:
        """Every call of something named `name`, and the function in which it stands."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == name:
                inside = [one for one in self.functions if one.lineno <= node.lineno <= (one.end_lineno or 0)]
                yield node, inside[-1] if inside else None

    @property
    def records(self) -> bool:
        text = self.path.read_text(encoding="utf-8")
        return "panel import audit" in text or "panel.audit import record" in text


SOURCES = [Source(path) for path in sorted(CODE.rglob("*.py"))]


def recorded() -> dict[str, str]:
    """Return each action, or a pattern of actions, and where it is recorded."""
    found = {}
    for source in SOURCES:
        if not source.records:
            continue
        for call, function in source.calls("record"):
            for action in actions(call.args[2], source, function, DEEPEST):
                found[action] = f"{source.path.relative_to(ROOT)}:{call.lineno}"
    return found


def actions(value: ast.expr, source: Source, function: Function | None, depth: int) -> Iterator[str]:
    """Yield what `value` may be; where it was handed in, what it is handed in as."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield re.escape(value.value)
    elif isinstance(value, ast.IfExp):
        yield from actions(value.body, source, function, depth)
        yield from actions(value.orelse, source, function, depth)
    elif isinstance(value, ast.JoinedStr):
        yield "".join(re.escape(part.value) if isinstance(part, ast.Constant) else "[a-z_]+" for part in value.values)
    elif isinstance(value, ast.Name) and function and depth:
        yield from named(value.id, source, function, depth - 1)
    else:
        raise AssertionError(f"{source.path}:{value.lineno}: no test can tell what is recorded here")


def named(name: str, source: Source, function: Function, depth: int) -> Iterator[str]:
    for node in (*ast.walk(function), *source.tree.body):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
            yield from actions(node.value, source, function, depth)
            return
    places = [one.arg for one in function.args.args if one.arg not in {"self", "cls"}]
    where = [source] if function.name.startswith("_") else SOURCES
    for other in where:
        for call, inside in other.calls(function.name):
            handed = [one.value for one in call.keywords if one.arg == name]
            if name in places and places.index(name) < len(call.args):
                handed.append(call.args[places.index(name)])
            if function.name.startswith("_") or handed:
                assert handed, f"{other.path}:{call.lineno}: {name} is not handed in"
            for value in handed:
                yield from actions(value, other, inside, depth)


def test_every_deed_that_is_recorded_has_words_and_no_word_is_without_a_deed() -> None:
    found = recorded()
    assert len(found) > 60, "the deeds are found"
    wordless = {
        action: where for action, where in found.items() if not any(map(re.compile(action).fullmatch, deeds.DEEDS))
    }
    assert wordless == {}
    idle = [deed for deed in deeds.DEEDS if not any(re.fullmatch(action, deed) for action in found)]
    assert idle == []


def test_every_deed_is_told_in_chinese() -> None:
    load(ROOT / "web" / "locale")
    use(DEFAULT_LANGUAGE)
    for deed in deeds.DEEDS:
        assert any("\u4e00" <= character <= "\u9fff" for character in deeds.spoken(deed)), deed
    assert len({deeds.spoken(deed) for deed in deeds.DEEDS}) == len(deeds.DEEDS), "two deeds have the same words"
    assert deeds.spoken("of_an_earlier_year") == "of_an_earlier_year"
