"""Hearing a recording: each opening of the player is in the audit trail once, however many parts it asks for."""

import asyncio
from collections import OrderedDict
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from callcenter.panel import audit
from callcenter.panel.i18n import N_
from callcenter.panel.problems import Problem
from callcenter.panel.sessions import Actor
from callcenter.recordings import key_file
from callcenter.recordings.flows.retention import target_of
from callcenter.recordings.sealing import Damaged, KeyMissing, Sealed
from callcenter.recordings.tables import Recording
from callcenter.storage.engine import Database

#: Whoever goes on hearing after so long a silence is hearing anew.
PAUSE = timedelta(minutes=30)
_MOST = 10_000


class Hearings:
    """Who is hearing which recording now."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: OrderedDict[tuple[str, int, str], datetime] = OrderedDict()
        self._writing = asyncio.Lock()

    async def hears(self, row: Recording, opening: str, actor: Actor, now: datetime) -> None:
        """Let `actor` hear a part of `row`; the first of an `opening` is written into the audit trail before it.

        Raises what the database raises: nobody hears what cannot be written down.
        """
        key = (actor.who, row.id, opening)
        if not self._knows(key, now):
            # A player asks for the sound's beginning and its end at once: one of the two is written down.
            async with self._writing:
                if not self._knows(key, now):
                    async with self._database.begin() as session:
                        audit.record(
                            session, actor, "recording_heard", at=now, target=target_of(row), call=row.linkedid
                        )
                    self._known[key] = now
        self._known[key] = now
        self._known.move_to_end(key)
        if len(self._known) > _MOST:
            self._known.popitem(last=False)

    def _knows(self, key: tuple[str, int, str], now: datetime) -> bool:
        last = self._known.get(key)
        return last is not None and now - last <= PAUSE


async def audible(session: AsyncSession, number: int, *, seen: bool = False) -> Recording:
    """Return the recording of that id, there to be heard; with its waveform when it is `seen`. Raises Problem."""
    row = await session.get(Recording, number, options=[undefer(Recording.waveform)] if seen else [])
    if row is None:
        raise Problem(404, N_("There is nothing here."))
    if row.state == "deleted":
        raise Problem(410, N_("The recording was deleted when its time was over."))
    return row


def opened(folder: Path, keys: Path, row: Recording) -> Sealed:
    """Open the sealed file of `row`; blocks. Raises Problem that says what is wrong with it."""
    try:
        return Sealed(folder / row.path, key_file.load(keys).all, row.path)
    except FileNotFoundError:
        raise Problem(410, N_("The recording has been lost from the disk. Please tell the administrator.")) from None
    except KeyMissing:
        raise Problem(
            503, N_("The key of this recording is not there. Please have the file of keys restored from its backup.")
        ) from None
    except key_file.KeyFileError:
        raise Problem(503, N_("The file of keys cannot be read. Please have it restored from its backup.")) from None
    except Damaged:
        raise Problem(
            500, N_("The recording was changed on the disk and cannot be trusted. Please tell the administrator.")
        ) from None
