"""Commands for recordings 录音: listing, saving one as a file, legal hold, a new master key."""

from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from callcenter.api_client import HotlineRefused, LocalApi
from callcenter.cli.output import Json, show, show_one
from callcenter.recordings import key_file
from callcenter.settings import load
from callcenter.storage.clock import now

Number = Annotated[int, typer.Argument(min=1, help="Id of the recording, as `recordings` lists it.")]
Reason = Annotated[str, typer.Option(help="Why; it goes into the audit trail.")]
recording = typer.Typer(no_args_is_help=True, help="Save a recording, hold or release it, begin a new key.")


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("recordings")(list_recordings)
    app.add_typer(recording, name="recording")


def list_recordings(  # noqa: PLR0917  # each is a word of the command line
    call: Annotated[int, typer.Option(min=0, help="Id of a call.")] = 0,
    ticket: Annotated[str, typer.Option(help="Number of a ticket.")] = "",
    caller: Annotated[str, typer.Option(help="A caller's number, in any spelling.")] = "",
    day: Annotated[str, typer.Option(help="A day, like 2026-11-23.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, newest first.")] = 200,
    json: Json = False,  # noqa: FBT002
) -> None:
    """List the recordings of conversations, newest first."""
    asked = {"call": str(call or ""), "ticket": ticket, "caller": caller, "day": day, "limit": str(limit)}
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in asked.items() if value)
    rows = LocalApi(load()).get(f"/recordings?{query}")
    if not json:
        wanted = ("id", "started_at", "seconds", "caller", "agent", "ticket", "state", "delete_after", "hold")
        rows = [{name: row[name] for name in wanted} for row in rows]
    show(rows, as_json=json, empty="no recordings")


@recording.command("save")
def save(
    number: Number, file: Annotated[Path, typer.Argument(help="Where to, such as talk.ogg; it must not be there yet.")]
) -> None:
    """Save a recording, decrypted, as a file that any player plays; in the audit trail it is a hearing."""
    api = LocalApi(load())
    try:
        with file.open("xb") as target:
            for piece in api.pieces(f"/recordings/{number}/audio"):
                target.write(piece)
    except BaseException as error:
        if not isinstance(error, FileExistsError):
            file.unlink(missing_ok=True)  # half a recording is none
        raise


@recording.command("hold")
def hold(number: Number, reason: Reason, json: Json = False) -> None:  # noqa: FBT002
    """Keep a recording whatever its age 封存."""
    show_one(LocalApi(load()).post(f"/recordings/{number}/hold", {"reason": reason}), as_json=json)


@recording.command("release")
def release(number: Number, reason: Reason, json: Json = False) -> None:  # noqa: FBT002
    """End a hold 解除封存."""
    show_one(LocalApi(load()).post(f"/recordings/{number}/release", {"reason": reason}), as_json=json)


@recording.command("rotate-key")
def rotate_key(json: Json = False) -> None:  # noqa: FBT002
    """Begin a new master key; the older ones stay in the file of keys, for what they sealed. Back the file up."""
    settings = load()
    try:
        keys = key_file.rotate(settings.recordings.keys, now())
    except key_file.KeyFileError as error:
        raise HotlineRefused(str(error)) from error
    known = {"file": str(settings.recordings.keys), "current": keys.current.id, "keys": len(keys.all)}
    show_one(known, as_json=json)
