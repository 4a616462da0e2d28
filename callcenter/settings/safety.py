"""The tables of the settings file about who may speak SIP here, how, and who is banned for a time."""

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from callcenter.settings.sections import Section
from callcenter.settings.words import Network


class Sip(Section):
    """How phones sign in: encryption, and how a password is proved. The certificate is that of [https]."""

    #: `tls`: the seats' SIP phones speak TLS and SRTP and nothing else; `any`: also without encryption. Left out, the
    #: profile decides: `tls` in production, `any` in the lab.
    seats: Literal["", "any", "tls"] = ""
    #: Digests that a phone may prove its password with, offered in this order (RFC 8760). Left out, the profile
    #: decides: SHA-256 first in production, MD5 first in the lab, whose test phones know nothing else.
    digests: tuple[Literal["sha-256", "md5"], ...] = ()


class Bans(Section):
    """Addresses that are refused for a time, for what they tried over SIP."""

    enabled: bool = True
    #: What is counted below is counted over so many seconds.
    window_seconds: Annotated[int, Field(ge=5, le=3600)] = 60
    #: Wrong passwords for one name, or requests that are refused whatever the password, from an address where no phone
    #: has signed in. A phone with an old password tries every half minute or so.
    wrong: Annotated[int, Field(ge=3, le=10_000)] = 20
    #: So many different names that are no seat's are guessing, wherever they come from.
    names: Annotated[int, Field(ge=2, le=1000)] = 4
    #: So many requests without a proof that end in nothing are a flood, wherever they come from.
    flood: Annotated[int, Field(ge=20, le=1_000_000)] = 300
    #: A phone that has signed in speaks for its address for so long. Phones sign in anew every ten minutes or sooner.
    trusted_seconds: Annotated[int, Field(ge=60, le=86_400)] = 1800
    #: The first ban, and the longest: each further one within `remember_hours` lasts four times the one before.
    first_seconds: Annotated[int, Field(ge=1, le=86_400)] = 600
    longest_seconds: Annotated[int, Field(ge=1, le=2_592_000)] = 86_400
    remember_hours: Annotated[int, Field(ge=1, le=8760)] = 24
    #: Never banned: addresses or networks such as the offices' own. Trunks and this machine never are either.
    allow: tuple[Network, ...] = ()
    #: Whether addresses of this machine's loopback network may be banned, in the lab and in tests.
    loopback: bool = False

    @field_validator("longest_seconds")
    @classmethod
    def _longest_is_longest(cls, longest: int, others: ValidationInfo) -> int:
        if longest < others.data.get("first_seconds", 0):
            raise ValueError("must be at least first_seconds")
        return longest
