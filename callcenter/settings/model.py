"""Everything that can be set: the file over the defaults, the environment over the file."""

import os
import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from callcenter.settings.desks import Desk
from callcenter.settings.promises import Callbacks, Disk, Policy, Reserve, Supervision, TestDials
from callcenter.settings.recordings import Recordings
from callcenter.settings.requests import Citizens, DispatchHelp, FollowUps, Interchange, Mail, Tickets
from callcenter.settings.safety import Bans, Sip
from callcenter.settings.sections import Announcement, Demo, Greeting, Https, Menu, Queue, Rating, Seats, Talk, Trunk
from callcenter.settings.sign_in import SignIn
from callcenter.settings.words import Address, Folder, Zone

ENV_PREFIX = "CALLCENTER_"


def config_file() -> Path | None:
    """Return the file that is read: the one named, or `callcenter.toml` if it is there."""
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
    data: Annotated[Folder, Field(validate_default=True)] = Path("var")
    database_url: str = ""
    port_offset: Annotated[int, Field(ge=0, le=50_000)] = 0
    #: Port by which the controller reaches AMI, where a proxy stands before it; 0 is AMI's own.
    ami_through: Annotated[int, Field(ge=0, le=65_535)] = 0
    bind: Address = "127.0.0.1"
    #: The number that citizens dial.
    hotline_number: Annotated[str, Field(pattern=r"^[0-9]{3,15}$")] = "12345"
    #: A folder of studio recordings that replace spoken prompts, file by file.
    prompts: Path | None = None
    #: The IANA zone whose midnight begins "today".
    time_zone: Zone = "Asia/Shanghai"

    greeting: Greeting = Greeting()
    menu: Menu = Menu()
    queue: Queue = Queue()
    rating: Rating = Rating()
    talk: Talk = Talk()
    announcement: Announcement = Announcement()
    seats: Seats = Seats()
    sip: Sip = Sip()
    bans: Bans = Bans()
    sign_in: SignIn = SignIn()
    trunks: Annotated[tuple[Trunk, ...], Field(validate_default=True)] = ()
    policy: Policy = Policy()
    reserves: tuple[Reserve, ...] = ()
    desks: tuple[Desk, ...] = ()
    supervision: Supervision = Supervision()
    callbacks: Callbacks = Callbacks()
    test_dials: TestDials = TestDials()
    disk: Disk = Disk()
    https: Https = Https()
    recordings: Annotated[Recordings, Field(validate_default=True)] = Recordings()
    tickets: Tickets = Tickets()
    follow_ups: FollowUps = FollowUps()
    dispatch_help: DispatchHelp = DispatchHelp()
    citizens: Citizens = Citizens()
    interchange: Interchange = Interchange()
    mail: Mail = Mail()
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

    @field_validator("reserves")
    @classmethod
    def _reserves_can_be_reached(cls, reserves: tuple[Reserve, ...], others: ValidationInfo) -> tuple[Reserve, ...]:
        names = [reserve.name for reserve in reserves]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"reserve {', '.join(sorted(twice))} is named twice")
        seats, trunks = others.data.get("seats"), others.data.get("trunks")
        for reserve in reserves:
            if reserve.seat and seats and reserve.seat not in seats.numbers:
                raise ValueError(f"reserve {reserve.name}: there is no seat {reserve.seat}")
            if reserve.number and not trunks:
                raise ValueError(f"reserve {reserve.name}: a telephone number needs at least one [[trunks]]")
        return reserves

    @field_validator("desks")
    @classmethod
    def _desks_differ(cls, desks: tuple[Desk, ...], others: ValidationInfo) -> tuple[Desk, ...]:
        for words in ([desk.name for desk in desks], [desk.label for desk in desks]):
            if twice := {word for word in words if words.count(word) > 1}:
                raise ValueError(f"desk {', '.join(sorted(twice))} is named twice")
        seats = others.data.get("seats")
        for desk in desks:
            if unknown := [seat for seat in desk.seats if seats and seat not in seats.numbers]:
                raise ValueError(f"desk {desk.name}: there is no seat {', '.join(unknown)}")
        return desks

    @field_validator("supervision")
    @classmethod
    def _supervisors_can_be_rung(cls, supervision: Supervision, others: ValidationInfo) -> Supervision:
        seats, trunks = others.data.get("seats"), others.data.get("trunks")
        for login, phone in supervision.phones.items():
            if seats and phone not in seats.numbers and not trunks:
                raise ValueError(
                    f"phone {phone} of {login} is no seat, and a number outside needs at least one [[trunks]]"
                )
        return supervision

    @field_validator("callbacks", "test_dials")
    @classmethod
    def _trunk_is_there(cls, section: Callbacks | TestDials, others: ValidationInfo) -> Callbacks | TestDials:
        names = [trunk.name for trunk in others.data.get("trunks") or ()]
        if section.trunk and section.trunk not in names:
            raise ValueError(f"there is no trunk {section.trunk}; there are: {', '.join(names) or 'none'}")
        return section

    @field_validator("recordings")
    @classmethod
    def _keys_lie_elsewhere(cls, recordings: Recordings, others: ValidationInfo) -> Recordings:
        data = others.data.get("data")
        if data is not None and recordings.keys.is_relative_to(data.expanduser().resolve()):
            raise ValueError(
                f"the file of keys ({recordings.keys}) may not lie in the data folder; set recordings.key_file"
            )
        return recordings

    def line(self, trunk: str = "") -> Trunk | None:
        """Return the trunk of that name, or the first one; None where there is none."""
        return next((line for line in self.trunks if trunk in {"", line.name}), None)

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
        return init_settings, _Environment(settings_cls), TomlConfigSettingsSource(settings_cls, config_file())

    # Ports: each is the standard one plus the offset, so that several hotlines run on one machine.
    @property
    def sip_port(self) -> int:
        """SIP over UDP and TCP."""
        return 5060 + self.port_offset

    @property
    def sips_port(self) -> int:
        """SIP over TLS."""
        return 5061 + self.port_offset

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
    def https_panel_port(self) -> int:
        """Panel over HTTPS: browsers give the microphone to secure pages only."""
        return 8443 + self.port_offset

    @property
    def rtp_ports(self) -> tuple[int, int]:
        """First and last port for speech."""
        return 10_000 + self.port_offset, 11_999 + self.port_offset

    # What is left to the profile.
    @property
    def tls_seats(self) -> bool:
        """Whether the seats' SIP phones must speak TLS and SRTP."""
        return (self.sip.seats or ("tls" if self.profile == "production" else "any")) == "tls"

    @property
    def digests(self) -> tuple[str, ...]:
        """Digests that a phone may prove its password with, the first one first."""
        strong_first = ("sha-256", "md5")
        return self.sip.digests or (strong_first if self.profile == "production" else strong_first[::-1])

    @cached_property
    def data_folder(self) -> Path:
        """Absolute path of everything written at run time."""
        return self.data.expanduser().resolve()
