"""What the API of signing in takes and answers."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from callcenter.panel.api import Body
from callcenter.panel.rights import Role
from callcenter.panel.sessions import Identity

#: Short enough to hash, long enough for a sentence.
Password = Annotated[str, Field(max_length=1000, strict=True)]
#: Six digits, or a recovery code, with the spaces and dashes that people type.
Code = Annotated[str, Field(min_length=6, max_length=30)]


class Credentials(Body):
    """What signs somebody in."""

    user: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[Password, Field(min_length=1)]


class CodeOfPending(Body):
    """The second step of a sign-in: what the first one answered, and the code."""

    pending: Annotated[str, Field(min_length=1, max_length=2000)]
    code: Code


class NewPassword(Body):
    """A change of password."""

    current: Password
    new: Password


class CurrentPassword(Body):
    """The present password; not needed within ten minutes of the sign-in."""

    password: Password = ""


class OneCode(Body):
    """A code of the second step."""

    code: Code


class Me(BaseModel):
    """Who is signed in."""

    login: str
    name: str
    role: Role
    agent: str | None
    #: Code of the member unit 成员单位 they work for, or null for the hotline's own people.
    unit: str | None
    language: str | None
    must_change_password: bool
    #: Nothing but setting up the second step is allowed.
    must_enrol: bool = False
    #: When their shift changes, and when their session ends after it; null where no shift ends it.
    shift_ends_at: datetime | None = None
    session_ends_at: datetime | None = None

    @classmethod
    def of(cls, identity: Identity) -> "Me":
        """Return what `identity` may know of itself."""
        ends = identity.ends
        return cls(
            login=identity.login,
            name=identity.name,
            role=identity.role,
            agent=identity.agent,
            unit=identity.unit,
            language=identity.language,
            must_change_password=identity.must_change_password,
            must_enrol=identity.must_enrol,
            shift_ends_at=ends.change if ends else None,
            session_ends_at=ends.at if ends else None,
        )


class CodeWanted(BaseModel):
    """The password was right, and a code is wanted: send both to /api/v1/sign-in/code."""

    pending: str
    #: How long it is good for.
    seconds: int


class TwoStepStatus(BaseModel):
    """How it is with one's second step."""

    #: Since when it is in force; null when it is not.
    since: datetime | None
    recovery_codes_left: int
    #: One's role may not do without.
    required: bool
    #: The present password is asked for before it is set up.
    password_needed: bool


class TwoStepEnrolment(BaseModel):
    """What a telephone needs to make codes; shown once."""

    secret: str
    uri: str
    #: The QR code: width of its square in modules, and the path of the dark ones.
    qr_size: int
    qr_path: str


class RecoveryCodes(BaseModel):
    """Codes for a lost telephone, each good once; shown once."""

    codes: list[str]


class SessionRow(BaseModel):
    """A browser in which one is signed in."""

    id: str
    began_at: datetime
    seen_at: datetime
    #: When the shift ends it; null where no shift does.
    ends_at: datetime | None
    address: str
    #: What the browser calls itself.
    browser: str
    #: It is the one that asks.
    here: bool
