"""Table of the bans: who was refused for a time over SIP, why, and who let them in again."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.storage.base import Base, OfNode


class SipBan(OfNode, Base):
    """A ban 封禁 of a network; kept when it is over, for the next one lasts longer."""

    __tablename__ = "sip_bans"

    id: Mapped[int] = mapped_column(primary_key=True)
    #: As `ipaddress` spells it: `192.0.2.7/32`, `2001:db8::/64`.
    network: Mapped[str] = mapped_column(String(43), index=True)
    #: `names`, `wrong`, `flood` or `manual`.
    reason: Mapped[str] = mapped_column(String(10))
    #: Requests that ended in nothing before it, and the name tried last.
    tried: Mapped[int]
    account: Mapped[str] = mapped_column(String(64))
    note: Mapped[str] = mapped_column(String(500))
    since: Mapped[datetime] = mapped_column(index=True)
    #: It ends by itself then.
    until: Mapped[datetime] = mapped_column(index=True)
    #: Who pronounced it; empty for the hotline itself.
    by: Mapped[str] = mapped_column(String(64))
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str | None] = mapped_column(String(64))
