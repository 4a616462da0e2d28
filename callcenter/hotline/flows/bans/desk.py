"""What people do about bans 封禁: pronounce one, or lift one. Each deed is audited."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Select, select

from callcenter.hotline.ban_tables import SipBan
from callcenter.hotline.flows.bans.keeper import BanKeeper
from callcenter.hotline.flows.bans.rows import BanRow, row_of, shown
from callcenter.hotline.rules import bans as rules
from callcenter.hotline.rules.agents import N_, Refused
from callcenter.panel import audit
from callcenter.panel.sessions import Actor
from callcenter.storage import clock
from callcenter.storage.engine import Database


class BanDesk:
    """Carries out what a person wants of the bans that `keeper` keeps."""

    def __init__(self, database: Database, keeper: BanKeeper, *, now: Callable[[], datetime] = clock.now) -> None:
        self._database = database
        self._keeper = keeper
        self._now = now

    async def add(self, address: str, length: timedelta, *, note: str, actor: Actor) -> BanRow:
        """Ban an address, or a network of them. Raises Refused for one that must not be cut off."""
        network = rules.parsed(address)
        if network is None:
            raise Refused(N_("%(address)s is no address, or a network too wide to ban"), address=address[:64])
        if found := rules.overlapping(network, self._keeper.exempt):
            raise Refused(
                N_("%(network)s is never banned: it is this machine's, a line's or on the list [bans] allow"),
                network=shown(str(found)),
            )
        now = self._now()
        if phones := self._keeper.watch.phones(network, now):
            raise Refused(N_("phones of ours are signed in from there: %(phones)s"), phones=", ".join(phones[:10]))
        ban = SipBan(
            node=actor.node,
            network=str(network),
            reason="manual",
            tried=0,
            account="",
            note=note,
            since=now,
            until=now + length,
            by=actor.who,
        )
        async with self._database.begin() as session:
            # The new one counts, though the old one may be longer.
            for old in await session.scalars(_in_force(ban.network, now)):
                old.until = now
            session.add(ban)
            detail = {"seconds": int(length.total_seconds()), "note": note}
            audit.record(session, actor, "address_banned", at=now, target=shown(ban.network), **detail)
            await session.flush()
        self._keeper.put(ban.network, ban.until)
        return row_of(ban, now)

    async def lift(self, address: str, *, actor: Actor) -> str:
        """Let an address in again; returns it as it was listed. Raises Refused when it is not banned."""
        network = rules.parsed(address)
        now = self._now()
        async with self._database.begin() as session:
            bans = list(await session.scalars(_in_force(str(network), now)))
            # One that the database has not heard of yet is lifted all the same.
            if network is None or not (bans or str(network) in self._keeper.bans):
                raise Refused(N_("%(address)s is not banned"), address=address[:64])
            for ban in bans:
                ban.lifted_at, ban.lifted_by = now, actor.who
            audit.record(session, actor, "ban_lifted", at=now, target=shown(str(network)))
        self._keeper.watch.forgive(network)
        self._keeper.lifted(str(network))
        return shown(str(network))


def _in_force(network: str, now: datetime) -> Select[SipBan]:
    return select(SipBan).where(SipBan.lifted_at.is_(None), SipBan.until > now, SipBan.network == network)
