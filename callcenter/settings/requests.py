"""The tables of the settings file about requests 工单: terms, mail, follow-up visits, citizens on the web, the city."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from callcenter.settings.sections import Section

Days = Annotated[int, Field(ge=1, le=250)]
#: A span of a day, as in `08:30-12:00`; the end of the day is `24:00`.
Span = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


class Terms(Section):
    """Working days 工作日 that a request may take from its first dispatch; a unit's own terms come before these."""

    #: 咨询类工单不高于 2 个工作日，非咨询类工单不高于 4 个工作日 (采购需求 七(四)7).
    enquiry: Days = 2
    complaint: Days = 4
    help: Days = 4
    suggestion: Days = 4
    report: Days = 4
    praise: Days = 4
    #: An urgent 紧急 and a most urgent 特急 request, whatever its kind.
    urgent: Days = 2
    emergency: Days = 1
    #: To sign for it 签收.
    sign: Days = 1


class Tickets(Section):
    """Requests 工单."""

    terms: Terms = Terms()
    #: A file of holidays and make-up workdays 调休, for years that the calendar library does not know; left out, it is
    #: `calendar.toml` in the data folder.
    calendar: Path | None = None
    #: Working time of a working day, in order; a deadline is the end of the last.
    working_hours: Annotated[tuple[Span, ...], Field(min_length=1, max_length=8)] = ("08:30-12:00", "14:00-17:30")
    #: Working hours before a deadline, and after it, at which a reminder goes out; another goes out at the deadline.
    remind_before_hours: Annotated[int, Field(ge=1, le=200)] = 8
    remind_after_hours: Annotated[int, Field(ge=1, le=200)] = 7
    #: Most redoes 重办 that an unhappy citizen starts; after them a supervisor decides.
    most_redos: Annotated[int, Field(ge=0, le=9)] = 2
    #: Most extensions 延期, and working days that each may ask for.
    most_extensions: Annotated[int, Field(ge=0, le=9)] = 1
    most_extension_days: Days = 4
    #: Days after its closing that a ticket is archived 归档.
    archive_after_days: Annotated[int, Field(ge=0, le=3650)] = 30

    @field_validator("working_hours")
    @classmethod
    def _hours_are_in_order(cls, spans: tuple[str, ...]) -> tuple[str, ...]:
        ends = [end for span in spans for end in span.split("-")]
        if ends != sorted(set(ends)):
            raise ValueError("spans must follow one another, as in 08:30-12:00, 14:00-17:30")
        return spans

    @property
    def working_minutes(self) -> tuple[tuple[int, int], ...]:
        """The working hours in minutes after midnight."""
        return tuple((_minutes(span[:5]), _minutes(span[6:])) for span in self.working_hours)


class Mail(Section):
    """The SMTP server through which units hear of their tickets; none is mailed without one."""

    host: str = ""
    port: Annotated[int, Field(ge=1, le=65_535)] = 25
    sender: str = "hotline@localhost"
    username: str = ""
    password: Annotated[str, Field(repr=False)] = ""
    security: Literal["none", "starttls", "tls"] = "none"
    #: When the daily digest goes out, `HH:MM` on the floor's clock.
    digest_at: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] = "08:30"


class FollowUps(Section):
    """Follow-up visits 回访: every dispatched ticket gets one."""

    #: `preview` lets agents start each from the work list; `automatic` dials while nobody waits or is owed.
    mode: Literal["preview", "automatic", "off"] = "preview"
    #: Hours after an attempt in vain until the next; after the last the visit counts as not reached.
    retry_hours: tuple[Annotated[float, Field(gt=0, le=240)], ...] = (2.0, 24.0)
    #: How long the link that a citizen is sent can be used.
    link_days: Annotated[int, Field(ge=1, le=90)] = 7
    #: Where links lead to, as citizens reach the panel; none are sent without it.
    public_url: str = ""
    #: A folder into which messages to citizens are written, one file each, for whatever sends them.
    message_folder: Path | None = None


class Citizens(Section):
    """Requests filed on the web 网络受理, and tracked there."""

    enabled: bool = True
    #: Requests that one address, and all together, may file in an hour; and look up.
    filed_per_hour: Annotated[int, Field(ge=1, le=10_000)] = 5
    filed_per_hour_by_all: Annotated[int, Field(ge=1, le=100_000)] = 500
    tracked_per_hour: Annotated[int, Field(ge=1, le=10_000)] = 30
    #: Work that a browser does before it may send, in hashes: a second or so on an old telephone.
    work: Annotated[int, Field(ge=1, le=10_000_000)] = 50_000
    #: Addresses of our own web proxies, whose `X-Forwarded-For` says who really asks; without them it is not believed.
    proxies: tuple[Annotated[str, Field(pattern=r"^[0-9a-fA-F.:]{2,45}$")], ...] = ()


class Interchange(Section):
    """Interchange with the city platform 市级平台, by signed JSON over HTTPS; off without a URL."""

    #: Where our messages go; `https://` but for loopback.
    url: str = ""
    #: Names us to them, and them to us.
    our_id: str = "district"
    their_id: str = "city"
    #: A file with the shared key, at least 32 characters; outside the data folder.
    key_file: Path | None = None
    #: A certificate authority of theirs that the system does not know.
    ca_file: Path | None = None
    #: Seconds after a failure until the next try, the last one for ever after.
    retry_seconds: tuple[Annotated[int, Field(ge=1, le=86_400)], ...] = (10, 30, 120, 600, 3600)
    #: Failures after which a message counts as stuck and supervisors are told.
    stuck_after: Annotated[int, Field(ge=1, le=1000)] = 5

    @field_validator("url")
    @classmethod
    def _is_secret(cls, url: str) -> str:
        parts = urlsplit(url)
        local = parts.hostname in {"127.0.0.1", "::1", "localhost"}
        if url and not (parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and local))):
            raise ValueError("must begin with https://")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("must be host and path only")
        return url


class DispatchHelp(Section):
    """Suggested category and unit, learned from this hotline's own tickets."""

    enabled: bool = True
    #: When it learns, `HH:MM` on the floor's clock.
    train_at: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] = "03:30"
    #: Closed tickets below which it does not learn, and probability below which it says nothing.
    least_tickets: Annotated[int, Field(ge=10, le=1_000_000)] = 200
    least_probability: Annotated[float, Field(gt=0, lt=1)] = 0.6
