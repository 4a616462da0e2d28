"""The tables of the settings file, with their defaults and limits."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from callcenter.settings.words import Digit, File, Host, Network, Seconds, Spoken, Word

#: The customer's rule: test dials must never find this many waiting (采购需求 七(四)1), so one fewer may wait.
QUEUE_LIMIT = 5


class Section(BaseModel):
    """A table of the settings file; an unknown key is a fault, not a silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Greeting(Section):
    """What every caller hears first."""

    enabled: bool = True
    text: Spoken = "您好，这里是一二三四五热线，本次通话将被录音。"


class MenuOption(Section):
    """One key of the self-service menu 自助菜单."""

    key: Digit
    #: `person` goes to the queue at once; `ticket_state` reads tickets aloud; `announce` plays `text`.
    action: Literal["person", "ticket_state", "announce"]
    text: Annotated[Spoken, Field(validate_default=True)] = ""

    @field_validator("text")
    @classmethod
    def _announcement_has_words(cls, text: str, others: ValidationInfo) -> str:
        if others.data.get("action") == "announce" and not text:
            raise ValueError("an announcement needs words to say")
        return text


class Menu(Section):
    """The self-service menu; silence leads to a person (GB/T 33358-2016)."""

    enabled: bool = True
    text: Spoken = "查询工单请按一，人工请稍候。"
    #: Seconds of silence after the prompt before the caller is queued.
    silence_seconds: Annotated[int, Field(ge=1, le=3)] = 2
    options: tuple[MenuOption, ...] = (
        MenuOption(key="0", action="person"),
        MenuOption(key="1", action="ticket_state"),
    )

    @field_validator("options")
    @classmethod
    def _keys_differ(cls, options: tuple[MenuOption, ...]) -> tuple[MenuOption, ...]:
        keys = [option.key for option in options]
        if twice := {key for key in keys if keys.count(key) > 1}:
            raise ValueError(f"key {', '.join(sorted(twice))} is used twice")
        return options


class Queue(Section):
    """The queue `hotline`."""

    strategy: Literal["ringall", "leastrecent", "fewestcalls", "random", "rrmemory", "rrordered", "linear"] = (
        "leastrecent"
    )
    #: Most callers that may wait at once; the customer's limit is below 5.
    max_waiting: Annotated[int, Field(ge=1, lt=QUEUE_LIMIT)] = QUEUE_LIMIT - 1
    #: Longest ring at one seat before the call goes to the next.
    ring_seconds: Annotated[int, Field(ge=3, le=60)] = 15
    #: Longest wait before the caller is promised a callback.
    max_wait_seconds: Annotated[int, Field(ge=10, le=3600)] = 300
    #: After-call work 话后处理, visible on the wallboard.
    wrap_up_seconds: Annotated[int, Field(ge=0, le=600)] = 15
    #: Between announcements of the position; 0 is never.
    announce_seconds: Annotated[int, Field(ge=0, le=300)] = 20


class Talk(Section):
    """What an agent in a talk may do with it: transfer, three-way call 三方通话, the 110 link."""

    #: Where the 110 key leads, through the trunk of callbacks.
    police_number: Annotated[str, Field(pattern=r"^[0-9]{3,20}$")] = "110"
    #: How long a third telephone rings before the agent is back with the citizen.
    ring_seconds: Annotated[int, Field(ge=5, le=60)] = 25


class Rating(Section):
    """The satisfaction question 话务坐席接听评价 after the agent hung up."""

    enabled: bool = True
    text: Spoken = "请按一到五键为本次服务打分，五分为非常满意。"


class Announcement(Section):
    """The holiday or emergency announcement, switched on at run time."""

    text: Spoken = "由于突发情况，目前来电较多，请您耐心等候。如遇紧急警情，请直接拨打一一零。"


class Seats(Section):
    """The seats 座席, numbered from `first`."""

    first: Annotated[int, Field(ge=100, le=99_999)] = 8001
    count: Annotated[int, Field(ge=1, le=500)] = 10
    #: How often a registered phone is asked whether it is still there; 0 is never. For so long a phone that lost its
    #: power still looks available, and after a restart of Asterisk one that is there may not.
    qualify_seconds: Annotated[int, Field(ge=0, le=300)] = 5

    @property
    def numbers(self) -> tuple[str, ...]:
        """Every seat number, in order."""
        return tuple(str(self.first + step) for step in range(self.count))


class Https(Section):
    """The certificate (PEM, with its chain) of HTTPS, browser phones and SIP over TLS; self-made when left out."""

    certificate: File | None = None
    key: Annotated[File | None, Field(validate_default=True)] = None

    @field_validator("key")
    @classmethod
    def _both_or_neither(cls, key: File | None, others: ValidationInfo) -> Path | None:
        certificate = others.data.get("certificate")
        if (certificate is None) is not (key is None):
            raise ValueError("https.certificate and https.key go together: give both, or neither for a self-made one")
        return key


class Trunk(Section):
    """A line to the telephone network: a SIP peer known by its address, with registration where it asks for one."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
    host: Host
    port: Annotated[int, Field(ge=1, le=65_535)] = 5060
    transport: Literal["udp", "tcp"] = "udp"
    #: Addresses or networks that calls arrive from; the host alone when empty.
    match: tuple[Network, ...] = ()
    username: Word | None = None
    password: Word | None = None
    registration: bool = False
    #: The number that callers see on calls we make.
    caller_id: Annotated[str, Field(pattern=r"^\+?[0-9]{3,20}$")] = "12345"
    codecs: tuple[Literal["alaw", "ulaw", "g722", "opus"], ...] = ("alaw", "ulaw")

    @property
    def host_in_uri(self) -> str:
        """The host as a SIP URI has it."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @field_validator("registration")
    @classmethod
    def _registration_has_credentials(cls, registration: bool, others: ValidationInfo) -> bool:  # noqa: FBT001
        if registration and not all(others.data.get(name, "wrong, and said so") for name in ("username", "password")):
            raise ValueError("needs username and password")
        return registration


class Demo(Section):
    """The citizens and seats of `make demo`."""

    calls_per_minute: Annotated[float, Field(gt=0, le=600)] = 7
    talk_seconds: Annotated[int, Field(ge=1, le=600)] = 20
    #: Share of citizens who hang up after `patience_seconds` without a person.
    impatient: Annotated[float, Field(ge=0, le=1)] = 0.25
    patience_seconds: Annotated[int, Field(ge=1, le=600)] = 20
    seats: Annotated[int, Field(ge=1, le=10)] = 8
    #: 0 runs until it is stopped.
    seconds: Seconds = 0
