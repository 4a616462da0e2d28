"""Typed settings: defaults, then `callcenter.toml`, then `CALLCENTER_*` environment variables; all faults at once.

Names in the file and in the environment are the same: `[queue] wrap_up_seconds` is `CALLCENTER_QUEUE__WRAP_UP_SECONDS`.
"""

import ipaddress
import json
import os
import re
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

ENV_PREFIX = "CALLCENTER_"
#: The customer's rule: test dials must never find this many waiting (采购需求 七(四)1), so one fewer may wait.
QUEUE_LIMIT = 5


def _harmless(text: str) -> str:
    """Refuse what would end a line or start an expression in one of Asterisk's files."""
    if found := re.search(r"[\x00-\x1f\x7f;\[\]{}$\"\\]", text):
        raise ValueError(f"may not contain {found.group()!r}")
    if text != text.strip():
        raise ValueError("may not begin or end with a space")
    return text


def _address(text: str) -> str:
    # A zone (fe80::1%eth0) may be any text at all, and Asterisk binds to none.
    if "%" in text:
        raise ValueError("may not name a zone")
    ipaddress.ip_address(text)
    return text


def _host(text: str) -> str:
    """Return a host's name or address, an IPv6 address without its brackets."""
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if ":" in bare:
        return _address(bare)
    if not re.fullmatch(r"[A-Za-z0-9.-]{1,255}", text):
        raise ValueError("must be a host's name or an address")
    return text


def _network(text: str) -> str:
    if "%" in text:
        raise ValueError("may not name a zone")
    ipaddress.ip_network(text, strict=False)
    return text


def _folder(path: Path) -> Path:
    """Refuse a path that Asterisk's configuration or dialplan would read as more than a path."""
    try:
        text = str(path.expanduser().resolve())
    except (RuntimeError, OSError) as error:
        raise ValueError(str(error)) from error
    if found := re.search(r"[\x00-\x1f\x7f;,|\[\]{}$\"\\\ud800-\udfff]", text):
        raise ValueError(f"the path {text!r} may not contain {found.group()!r}")
    return path


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # not known; no name at all; the name of a folder
        raise ValueError(f"no time zone {name!r}") from error
    return name


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
    host: Annotated[str, AfterValidator(_host)]
    port: Annotated[int, Field(ge=1, le=65_535)] = 5060
    transport: Literal["udp", "tcp"] = "udp"
    #: Addresses or networks that calls arrive from; the host alone when empty.
    match: tuple[Annotated[str, AfterValidator(_network)], ...] = ()
    username: Word | None = None
    password: Word | None = None
    registration: bool = False
    #: The number that callers see on calls we make.
    caller_id: Annotated[str, Field(pattern=r"^\+?[0-9]{3,20}$")] = "12345"
    codecs: tuple[Literal["alaw", "ulaw", "g722", "opus"], ...] = ("alaw", "ulaw")
    max_calls: Annotated[int, Field(ge=1, le=10_000)] = 60

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


class _Environment(EnvSettingsSource):
    """Variables; one that should be JSON and is not is left as text, so that it is a fault among the others."""

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:  # noqa: ANN401
        """Return what the JSON `value` says, or `value`."""
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError:
            return value


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
    data: Annotated[Path, AfterValidator(_folder), Field(validate_default=True)] = Path("var")
    database_url: str = ""
    port_offset: Annotated[int, Field(ge=0, le=50_000)] = 0
    bind: Annotated[str, AfterValidator(_address)] = "127.0.0.1"
    #: The number that citizens dial.
    hotline_number: Annotated[str, Field(pattern=r"^[0-9]{3,15}$")] = "12345"
    #: A folder of studio recordings that replace spoken prompts, file by file.
    prompts: Path | None = None
    #: The IANA zone whose midnight begins "today".
    time_zone: Annotated[str, Field(pattern=r"^[A-Za-z_+\-/0-9]+$"), AfterValidator(_zone)] = "Asia/Shanghai"

    greeting: Greeting = Greeting()
    menu: Menu = Menu()
    queue: Queue = Queue()
    rating: Rating = Rating()
    announcement: Announcement = Announcement()
    seats: Seats = Seats()
    trunks: Annotated[tuple[Trunk, ...], Field(validate_default=True)] = ()
    callbacks: Callbacks = Callbacks()
    demo: Demo = Demo()

    @field_validator("trunks")
    @classmethod
    def _trunks_are_named(cls, trunks: tuple[Trunk, ...], others: ValidationInfo) -> tuple[Trunk, ...]:
        names = [trunk.name for trunk in trunks]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"trunk {', '.join(sorted(twice))} is named twice")
        if others.data.get("profile") == "production" and not trunks:
            raise ValueError("the production profile needs at least one [[trunks]]")
        return trunks

    @field_validator("database_url")
    @classmethod
    def _is_a_known_database(cls, url: str) -> str:
        if url and not re.match(r"(sqlite(\+\w+)?:///(?!:memory:).|postgresql(\+\w+)?://)", url):
            raise ValueError("must be postgresql://... or sqlite:///FILE, or be left out")
        return url

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # ours names a fault instead of raising it
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment over file over defaults."""
        return init_settings, _Environment(settings_cls), TomlConfigSettingsSource(settings_cls, _config_file())

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
        # A key may hold a line break, and a terminal's escapes.
        self.faults = ["".join(c if c.isprintable() else repr(c)[1:-1] for c in fault) for fault in faults]
        super().__init__("\n".join(self.faults))


def load(**overrides: Any) -> Settings:  # noqa: ANN401  # as wide as the settings themselves
    """Read the settings; `overrides` win over file and environment.

    Raises SettingsError with every fault, each naming where it stands.
    """
    strays = [
        f"environment {name}: unknown setting"
        for name in os.environ
        if name.upper().startswith(ENV_PREFIX)
        and name[len(ENV_PREFIX) :].split("__")[0].lower() not in {*Settings.model_fields, "config"}
    ]
    path = _config_file()
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8")) if path else {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError([f"{path}: {_reason(error)}", *strays]) from error
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        raise SettingsError([_fault(fault, path, written) for fault in error.errors()] + strays) from error
    if strays:
        raise SettingsError(strays)
    return settings


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        named = f" ({ENV_PREFIX}CONFIG names it)" if os.environ.get(ENV_PREFIX + "CONFIG") else ""
        return f"{(error.strerror or str(error)).lower()}{named}"
    return f"not UTF-8: {error}" if isinstance(error, UnicodeDecodeError) else str(error)


def _fault(fault: Any, path: Path | None, written: dict[str, Any]) -> str:  # noqa: ANN401  # pydantic's ErrorDetails
    where = [str(part) for part in fault["loc"]]
    unknown = fault["type"] == "extra_forbidden"
    # An unknown variable is no setting at all, and found by `load`.
    variable = None if unknown and len(where) == 1 else _variable(where, written)
    reason = fault["msg"].removeprefix("Value error, ")
    if unknown:
        reason = "unknown setting"
    elif variable and fault["type"] in {"tuple_type", "model_type", "model_attributes_type"}:
        reason = f"{_not_json(os.environ[variable])}; {reason}"
    source = f"environment {variable}" if variable else str(path) if path else "settings"
    return f"{source}: {'.'.join(where)}: {reason}"


def _variable(where: list[str], written: dict[str, Any]) -> str | None:
    """Return the environment variable that the setting at `where` was read from, or None."""
    names = {name.upper(): name for name in os.environ}
    for depth in range(len(where), 0, -1):
        name = ENV_PREFIX + "__".join(where[:depth]).upper()
        # A variable that holds the whole table is to blame only for what the file does not say itself.
        if name in names and (depth == len(where) or not _says(written, where)):
            return names[name]
    return None


def _says(written: Any, where: list[str]) -> bool:  # noqa: ANN401  # any TOML
    for part in where:
        if not isinstance(written, dict) or part not in written:
            return False
        written = written[part]
    return True


def _not_json(text: str) -> str:
    try:
        json.loads(text)
    except ValueError as error:
        return f"not JSON: {error}"
    return "JSON of the wrong kind"
