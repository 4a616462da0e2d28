"""The classic AGI script that answers from a snapshot file while no controller does (DESIGN.md, "Decide").

Asterisk starts it for each question, so it imports little; `write_wrapper` makes the file that the dialplan names:
`AGI(<wrapper>,<snapshot.json>,<caller's number>)` sets the same variables as the controller's route `arrival`:
HOTLINE_BLOCKED (the level, or empty) and HOTLINE_ANNOUNCEMENT (0 or 1). With `,ticket-state,NUMBER` behind them (the
number may be empty) it sets HOTLINE_TICKET and its companions as that route does, from the file of requests beside the
snapshot, and leaves it empty when that cannot tell.
Whatever is wrong, the call goes on.
"""

import json
import os
import sys

#: What the dialplan goes on with when nothing is known.
DEFAULTS = {"HOTLINE_BLOCKED": "", "HOTLINE_ANNOUNCEMENT": "0"}
_LEVEL_CHARACTERS = 20
_TICKET_STATES = ("open", "closed")
#: The file of requests, beside the snapshot. Each line is `nNUMBER CALLERS WORD DIGITS WHEN MMDD`, or `cCALLER NUMBER`
#: for their newest; the first is `!` with the table of check digits. It is searched unparsed.
_STATES = "ticket-states.txt"
_SHORTEST = 14


def decide(snapshot: object, caller: str) -> dict[str, str]:
    """Return the channel variables for a call of `caller` (empty when withheld); defaults for what is damaged."""
    variables = dict(DEFAULTS)
    if not isinstance(snapshot, dict):
        return variables
    blocked = snapshot.get("blocked")
    level = blocked.get(caller) if caller and isinstance(blocked, dict) else None
    if isinstance(level, str) and level.isascii() and level.isidentifier() and len(level) <= _LEVEL_CHARACTERS:
        variables["HOTLINE_BLOCKED"] = level
    announcement = snapshot.get("announcement")
    if isinstance(announcement, dict) and announcement.get("on") is True:
        variables["HOTLINE_ANNOUNCEMENT"] = "1"
    return variables


def ticket_state(snapshot: object, caller: str) -> dict[str, str]:
    """Return the channel variable that says how far the newest request of `caller` is; empty when nothing is known."""
    tickets = snapshot.get("tickets") if isinstance(snapshot, dict) else None
    if not isinstance(tickets, dict):
        return {"HOTLINE_TICKET": ""}
    state = tickets.get(caller, "none") if caller else "none"
    return {"HOTLINE_TICKET": state if state in _TICKET_STATES else "none"}


def ticket_told(known: bytes, caller: str, keyed: str) -> dict[str, str]:
    """Return the channel variables that say how far a request is: the one keyed, else the newest of `caller`.

    `known` is the content of the file. Who calls from another number than the request came from hears its state alone.
    """
    number = keyed or (_find(known, "c" + caller) or [""])[0]
    if keyed and not _could_be(known, keyed):
        return _variables("wrong")
    found = _find(known, "n" + number) if number else None
    if found is None or len(found) != 5:  # noqa: PLR2004  # the fields of such a line
        return _variables("none")
    callers, word, digits, when, day = (field if field != "-" else "" for field in found)
    if not word.isascii() or not word.isalpha():
        return _variables("none")
    if not caller or caller not in callers.split(","):
        return _variables(word)
    digits, day = (text if text.isdecimal() and text.isascii() else "" for text in (digits, day))
    return _variables(word, digits, when if when in {"due", "answered"} and len(day) == 4 else "", day)  # noqa: PLR2004


def _variables(word: str, digits: str = "", when: str = "", day: str = "") -> dict[str, str]:
    return {
        "HOTLINE_TICKET_DIGITS": digits,
        "HOTLINE_TICKET_WHEN": when,
        "HOTLINE_TICKET_DAY": day,
        "HOTLINE_TICKET": word,
    }


def _find(known: bytes, key: str) -> list[str] | None:
    """Return the fields behind `key`, which is harmless: it holds no space and no end of a line."""
    at = known.find(f"\n{key} ".encode())
    if at < 0 or any(character.isspace() for character in key):
        return None
    end = known.find(b"\n", at + 1)
    return known[at + 1 : end if end > 0 else None].decode("utf-8", "replace").split(" ")[1:]


def _could_be(known: bytes, number: str) -> bool:
    """Whether a request can have that number; true as well when the file has no table of check digits."""
    table = known[2 : known.find(b"\n")]
    if not number.isdecimal() or not number.isascii() or len(number) < _SHORTEST:
        return False
    if len(table) != 100 or not table.isdigit():  # noqa: PLR2004  # ten rows of ten
        return True
    interim = 0
    for digit in number:
        interim = table[10 * interim + int(digit)] - ord("0")
    return interim == 0


def read_snapshot(path: str) -> object:
    """Return the snapshot file's document, or None when it is missing or damaged."""
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123  # pathlib would cost 8 ms a call
            return json.load(file)
    except (OSError, ValueError, RecursionError):
        return None


def main(arguments: list[str]) -> int:
    """Answer one question; returns 0.

    `arguments`: snapshot path, the caller's number (else the header's), the question (else arrival).
    """
    try:
        # Asterisk's words may be in any encoding, and pyst2 writes a diary to its stderr.
        with (
            open(0, encoding="utf-8", errors="replace", newline="\n", closefd=False) as heard,
            open(os.devnull, "w", encoding="utf-8") as diary,  # noqa: PTH123
        ):
            _converse(arguments, heard, diary)
    except Exception as error:  # noqa: BLE001  # a caller waits: no fault here may become theirs
        sys.stderr.write(f"fallback_agi: {type(error).__name__}: {error}\n")
    return 0


def _converse(arguments: list[str], heard: object, diary: object) -> None:
    from asterisk.agi import AGI, AGIAppError  # noqa: PLC0415  # a fault of the library must not stop write_wrapper

    agi = AGI(stdin=heard, stderr=diary)
    number = agi.env.get("agi_callerid", "")
    caller = arguments[1] if len(arguments) > 1 else number
    caller = "" if caller == "unknown" else caller
    variables: dict[str, str]
    if arguments[2:3] == ["ticket-state"]:
        variables = _ticket(arguments[0], caller, arguments[3] if len(arguments) > 3 else "")  # noqa: PLR2004
    else:
        variables = decide(read_snapshot(arguments[0]) if arguments else None, caller)
    try:
        for name, value in variables.items():
            agi.set_variable(name, value)
    except AGIAppError:
        return  # pyst2 raises it for a hangup too: nobody is left to answer


def _ticket(snapshot: str, caller: str, keyed: str) -> dict[str, str]:
    try:
        with open(os.path.join(os.path.dirname(snapshot), _STATES), "rb") as file:  # noqa: PTH118, PTH120, PTH123
            return ticket_told(file.read(), caller, keyed)
    except OSError:
        # A file of an older kind knows callers only; what was keyed goes to a person.
        return ticket_state(None if keyed else read_snapshot(snapshot), caller)


def write_wrapper(folder: "os.PathLike[str]") -> "os.PathLike[str]":
    """Write the executable that Asterisk starts into `folder` (made if missing) and return its path.

    It runs this file on the interpreter that runs now. `-S` skips the virtual environment's start-up files (half of the
    start), so the folder that pyst2 lives in is handed over. A library path meant for Asterisk must not reach Python.
    """
    import shlex  # noqa: PLC0415  # set-up only; each import costs every call
    from importlib.util import find_spec  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    spec = find_spec("asterisk")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("pyst2 (module asterisk) is not installed")
    packages = Path(spec.origin).parent.parent
    command = [sys.executable, "-I", "-S", os.path.realpath(__file__), f"--packages={packages}"]
    wrapper = Path(folder) / "hotline-fallback"
    wrapper.parent.mkdir(parents=True, exist_ok=True)
    draft = wrapper.with_suffix(".new")
    draft.write_text(
        f'#!/bin/sh\nunset LD_LIBRARY_PATH LD_PRELOAD\nexec {shlex.join(command)} "$@"\n', encoding="utf-8"
    )
    draft.chmod(0o755)
    draft.replace(wrapper)  # a call that starts it meanwhile finds the old one or the new one, whole
    return wrapper


if __name__ == "__main__":
    given = sys.argv[1:]
    while given and given[0].startswith("--packages="):
        sys.path.append(given.pop(0).partition("=")[2])
    sys.exit(main(given))
