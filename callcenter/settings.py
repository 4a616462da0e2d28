"""Typed settings: defaults, then `callcenter.toml`, then `CALLCENTER_*` environment variables; all faults at once.

Names in the file and in the environment are the same: `[queue] wrap_up_seconds` is `CALLCENTER_QUEUE__WRAP_UP_SECONDS`.
"""

import ipaddress
import os
import re
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

ENV_PREFIX = "CALLCENTER_"
#: The customer's rule: test dials must never find this many waiting (采购需求 七(四)1), so one fewer may wait.
QUEUE_LIMIT = 5


def _harmless(text: str) -> str:
    """Refuse what would end a line or start an expression in one of Asterisk's files."""
    if found := re.search(r"[\x00-\x1f\x7f;\[\]{}$\"\\]", text):
        raise ValueError(f"may not contain {found.group()!r}")
    return text


#: Text that is rendered into Asterisk's configuration.
Word = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_harmless)]
#: Text that is spoken by a synthesiser.
Spoken = Annotated[str, Field(max_length=500)]
#: A menu key; `#` ends an entry in Asterisk's Read and cannot be one.
Digit = Annotated[str, Field(pattern=r"^[0-9*]$")]
Seconds = Annotated[int, Field(ge=0, le=86_400)]


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
    text: Spoken = ""

    @model_validator(mode="after")
    def _announcement_has_words(self) -> Self:
        if self.action == "announce" and not self.text:
            raise ValueError("text: an announcement needs words to say")
        return self


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
    #: How often a registered phone is asked whether it is still there; 0 is never.
    qualify_seconds: Annotated[int, Field(ge=0, le=300)] = 15

    @property
    def numbers(self) -> tuple[str, ...]:
        """Every seat number, in order."""
        return tuple(str(self.first + step) for step in range(self.count))


class Trunk(Section):
    """A line to the telephone network: a SIP peer known by its address, with registration where it asks for one."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.\-:\[\]]{1,255}$")]
    port: Annotated[int, Field(ge=1, le=65_535)] = 5060
    transport: Literal["udp", "tcp"] = "udp"
    #: Addresses or networks that calls arrive from; the host alone when empty.
    match: tuple[str, ...] = ()
    username: Word | None = None
    password: Word | None = None
    registration: bool = False
    #: The number that callers see on calls we make.
    caller_id: Annotated[str, Field(pattern=r"^\+?[0-9]{3,20}$")] = "12345"
    codecs: tuple[Literal["alaw", "ulaw", "g722", "opus"], ...] = ("alaw", "ulaw")
    max_calls: Annotated[int, Field(ge=1, le=10_000)] = 60

    @field_validator("match")
    @classmethod
    def _are_networks(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        for network in networks:
            ipaddress.ip_network(network, strict=False)
        return networks

    @model_validator(mode="after")
    def _registration_has_credentials(self) -> Self:
        if self.registration and not (self.username and self.password):
            raise ValueError("registration: needs username and password")
        return self


class Callbacks(Section):
    """Missed calls 漏接 and when they must have been called back."""

    due_minutes: Annotated[int, Field(ge=1, le=1440)] = 15
    #: A caller who hung up in the greeting sooner than this is not owed; 0 owes all.
    greeting_seconds: Seconds = 0


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


def _config_file() -> Path | None:
    named = os.environ.get(ENV_PREFIX + "CONFIG")
    path = Path(named or "callcenter.toml")
    return path if named or path.exists() else None


class Settings(BaseSettings):
    """Everything that can be set, with the defaults of the lab profile."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    #: `lab` lets any phone on the loopback network call as a citizen and has sample agents; `production` neither.
    profile: Literal["lab", "production"] = "lab"
    #: Name of this machine among several; on every row it writes.
    node: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,30}$")] = "node1"
    data: Path = Path("var")
    database_url: str = ""
    port_offset: Annotated[int, Field(ge=0, le=50_000)] = 0
    bind: str = "127.0.0.1"
    #: The number that citizens dial.
    hotline_number: Annotated[str, Field(pattern=r"^[0-9]{3,15}$")] = "12345"
    #: A folder of studio recordings that replace spoken prompts, file by file.
    prompts: Path | None = None
    #: The IANA zone whose midnight begins "today".
    time_zone: Annotated[str, Field(pattern=r"^[A-Za-z_+\-/0-9]+$")] = "Asia/Shanghai"

    greeting: Greeting = Greeting()
    menu: Menu = Menu()
    queue: Queue = Queue()
    rating: Rating = Rating()
    announcement: Announcement = Announcement()
    seats: Seats = Seats()
    trunks: tuple[Trunk, ...] = ()
    callbacks: Callbacks = Callbacks()
    demo: Demo = Demo()

    @field_validator("bind")
    @classmethod
    def _is_an_address(cls, address: str) -> str:
        ipaddress.ip_address(address)
        return address

    @field_validator("trunks")
    @classmethod
    def _names_differ(cls, trunks: tuple[Trunk, ...]) -> tuple[Trunk, ...]:
        names = [trunk.name for trunk in trunks]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"trunk {', '.join(sorted(twice))} is named twice")
        return trunks

    @field_validator("database_url")
    @classmethod
    def _is_a_known_database(cls, url: str) -> str:
        if url and not url.startswith(("sqlite", "postgresql")):
            raise ValueError("must start with postgresql:// or sqlite://, or be left out")
        return url

    @model_validator(mode="after")
    def _production_has_trunks(self) -> Self:
        if self.profile == "production" and not self.trunks:
            raise ValueError("trunks: the production profile needs at least one [[trunks]]")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment over file over defaults."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, _config_file())

    # Ports: each is the standard one plus the offset, so that several hotlines run on one machine.
    @property
    def sip_port(self) -> int:
        """SIP over UDP and TCP."""
        return 5060 + self.port_offset

    @property
    def panel_port(self) -> int:
        """Panel, API, live stream."""
        return 8080 + self.port_offset

    @property
    def ami_port(self) -> int:
        """Asterisk Manager Interface, loopback only."""
        return 5038 + self.port_offset

    @property
    def fastagi_port(self) -> int:
        """Questions from the dialplan, loopback only."""
        return 4573 + self.port_offset

    @property
    def http_port(self) -> int:
        """Asterisk's HTTP and WebSocket, loopback only."""
        return 8088 + self.port_offset

    @property
    def https_port(self) -> int:
        """Asterisk's HTTPS and secure WebSocket for browser softphones."""
        return 8089 + self.port_offset

    @property
    def rtp_ports(self) -> tuple[int, int]:
        """First and last port for speech."""
        return 10_000 + self.port_offset, 11_999 + self.port_offset

    @cached_property
    def data_folder(self) -> Path:
        """Absolute path of everything written at run time."""
        return self.data.expanduser().resolve()


class SettingsError(Exception):
    """Settings that cannot be used; `faults` has one line per fault: file or variable, key, reason."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def load(**overrides: Any) -> Settings:  # noqa: ANN401  # as wide as the settings themselves
    """Read the settings; `overrides` win over file and environment.

    Raises SettingsError with every fault, each naming where it stands.
    """
    path = _config_file()
    if path is not None and not path.is_file():
        raise SettingsError([f"{path}: no such file ({ENV_PREFIX}CONFIG names it)"])
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8")) if path else {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError([f"{path}: {error}"]) from error
    strays = [
        f"{name}: unknown setting"
        for name in os.environ
        if name.startswith(ENV_PREFIX)
        and name.removeprefix(ENV_PREFIX).split("__")[0].lower() not in {*Settings.model_fields, "config"}
    ]
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        raise SettingsError([_fault(fault, path, written) for fault in error.errors()] + strays) from error
    except Exception as error:  # pydantic-settings wraps a variable that is not JSON in an error of its own
        raise SettingsError([f"environment: {error}", *strays]) from error
    if strays:
        raise SettingsError(strays)
    return settings


def _fault(fault: Any, path: Path | None, written: dict[str, Any]) -> str:  # noqa: ANN401  # pydantic's ErrorDetails
    where = [str(part) for part in fault["loc"]]
    variable = ENV_PREFIX + "__".join(where).upper()
    if variable in os.environ or (where and ENV_PREFIX + where[0].upper() in os.environ):
        source = f"environment {variable}"
    elif where and where[0] in written:
        source = str(path)
    else:
        source = str(path) if path else "settings"
    reason = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "extra_forbidden":
        reason = "unknown setting"
    return f"{source}: {'.'.join(where) or 'settings'}: {reason}"
