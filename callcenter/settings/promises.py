"""The tables of the settings file about what the hotline promises: the queue rule, callbacks, test dials, disk."""

from datetime import time
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from callcenter.settings.sections import QUEUE_LIMIT, Section
from callcenter.settings.words import Seconds

#: Minutes that a citizen can be told a callback takes; for each there is a prompt. 0 is "soon".
PROMISED_MINUTES = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240)


class Policy(Section):
    """What is done before the queue reaches its limit 排队不超过5人; counts are callers who wait."""

    enabled: bool = True
    #: One caller who waits longer than this, or so many who wait, warn the wallboard.
    warn_wait_seconds: Annotated[int, Field(ge=1, le=300)] = 20
    warn_waiting: Annotated[int, Field(ge=1, lt=QUEUE_LIMIT)] = 2
    #: From so many on, wrap-ups are shortened, breaks are called back and reserves join.
    reinforce_waiting: Annotated[int, Field(ge=1, lt=QUEUE_LIMIT)] = 3
    #: The same begins as soon as somebody waits and a newcomer is predicted to wait longer; 0 leaves it to the count.
    reinforce_wait_seconds: Annotated[int, Field(ge=0, le=300)] = 30
    #: From so many on, newcomers are offered a callback before they are queued.
    offer_waiting: Annotated[int, Field(ge=1, lt=QUEUE_LIMIT)] = QUEUE_LIMIT - 1
    #: A step is undone only when the queue has been below its threshold for so long.
    hold_seconds: Annotated[int, Field(ge=0, le=600)] = 20
    #: After-call work that a crowd leaves an agent.
    wrap_up_seconds: Annotated[int, Field(ge=0, le=600)] = 5
    #: The promise (座席30秒接通率): a caller who is predicted to wait longer is offered a callback.
    promise_seconds: Annotated[int, Field(ge=1, le=300)] = 30
    #: Arrivals and handling times of so many last minutes make the prediction.
    window_minutes: Annotated[int, Field(ge=1, le=120)] = 15
    #: Handling time that is assumed until enough calls were seen.
    handling_seconds: Annotated[int, Field(ge=5, le=3600)] = 150

    @field_validator("offer_waiting")
    @classmethod
    def _steps_rise(cls, offer: int, others: ValidationInfo) -> int:
        steps = [others.data.get("warn_waiting", 0), others.data.get("reinforce_waiting", 0), offer]
        if steps != sorted(steps):
            raise ValueError("warn_waiting, reinforce_waiting and offer_waiting must not fall")
        return offer


class Reserve(Section):
    """Somebody who is called in when the queue fills 紧急调度: at a seat, or on a telephone through the trunk."""

    #: Stands for the agent in every record; an agent's number where the reserve is one.
    name: Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,20}$")]
    #: Either a seat's number...
    seat: Annotated[str, Field(pattern=r"^([0-9]{3,6})?$")] = ""
    #: ...or a telephone number, which must accept by key, so that no voicemail takes a citizen.
    number: Annotated[str, Field(pattern=r"^(\+?[0-9]{3,20})?$")] = ""

    @field_validator("number")
    @classmethod
    def _is_somewhere(cls, number: str, others: ValidationInfo) -> str:
        if bool(number) == bool(others.data.get("seat")):
            raise ValueError("a reserve has a seat or a number, one of them")
        return number


class Supervision(Section):
    """The supervisors' own phones 班长话机, where they hear a talk when they sit at no seat."""

    #: Login -> a seat's number, or a number outside, which is dialled through the first trunk.
    phones: dict[str, Annotated[str, Field(pattern=r"^\+?[0-9]{3,20}$")]] = Field(default_factory=dict)


class Callbacks(Section):
    """Missed calls 漏接: when they must have been called back, and how they are dialled 回拨."""

    due_minutes: Annotated[int, Field(ge=1, le=1440)] = 15
    #: A caller who hung up in the greeting sooner than this is not owed; 0 owes all.
    greeting_seconds: Seconds = 0
    #: `automatic` rings a free agent, then the citizen; `preview` waits for an agent to start each; `off` dials none.
    mode: Literal["automatic", "preview", "off"] = "automatic"
    #: The trunk that carries them; the first one when empty. Without any trunk none can be dialled.
    trunk: str = ""
    #: Free agents who are kept for live callers.
    reserve_agents: Annotated[int, Field(ge=0, le=500)] = 0
    #: Longest ring at the agent's phone, and at the citizen's.
    agent_ring_seconds: Annotated[int, Field(ge=3, le=60)] = 15
    ring_seconds: Annotated[int, Field(ge=5, le=120)] = 30
    #: Minutes from each attempt in vain to the next; when they are used up the citizen is unreachable.
    retry_minutes: tuple[Annotated[int, Field(ge=0, le=10_080)], ...] = (10, 30, 120)
    #: Citizens are not disturbed by a retry outside these hours, in the hotline's time zone.
    retry_from: time = time(8, 0)
    retry_until: time = time(21, 0)
    #: The supervisor is told so long before a callback is overdue.
    escalate_minutes: Annotated[int, Field(ge=0, le=1440)] = 5
    #: Area code 区号 of the district, for local numbers without one.
    area_code: Annotated[str, Field(pattern=r"^(0[0-9]{2,3})?$")] = ""

    @property
    def promise(self) -> int:
        """The shortest of PROMISED_MINUTES that the deadline keeps; 0 where none does."""
        return next((minutes for minutes in PROMISED_MINUTES if minutes >= self.due_minutes), 0)

    @field_validator("retry_until")
    @classmethod
    def _hours_are_some(cls, until: time, others: ValidationInfo) -> time:
        if until <= others.data.get("retry_from", time(0)):
            raise ValueError("must be later than retry_from")
        return until


class TestDials(Section):
    """Test dials 拨测: the hotline dials itself as a citizen would, through a trunk."""

    __test__ = False  # pytest takes a class of this name for a test

    #: 0 is never.
    every_minutes: Annotated[int, Field(ge=0, le=1440)] = 0
    #: The trunk that carries them; the first one when empty.
    trunk: str = ""
    #: What is dialled; the hotline's own number when empty.
    number: Annotated[str, Field(pattern=r"^(\+?[0-9]{3,20})?$")] = ""
    #: The number that a test dial arrives from, by which it is known.
    caller_id: Annotated[str, Field(pattern=r"^\+?[0-9]{3,20}$")] = "19900000000"
    #: Later than this is a failure: the greeting, and a person.
    greeting_seconds: Annotated[int, Field(ge=1, le=60)] = 10
    person_seconds: Annotated[int, Field(ge=1, le=300)] = 30


class Disk(Section):
    """Room that Asterisk needs to write down every call."""

    #: Free space below this raises an alarm.
    alarm_mb: Annotated[int, Field(ge=1, le=10_000_000)] = 2048
    #: Below this the ballast file is given up, and below twice this it is not made again.
    critical_mb: Annotated[int, Field(ge=1, le=10_000_000)] = 256
    #: Size of the ballast file; 0 is none.
    ballast_mb: Annotated[int, Field(ge=0, le=1_000_000)] = 256
    #: Days that call records and queue logs are kept after they were read.
    keep_days: Annotated[int, Field(ge=1, le=10_000)] = 400

    @field_validator("critical_mb")
    @classmethod
    def _alarm_comes_first(cls, critical: int, others: ValidationInfo) -> int:
        if critical >= others.data.get("alarm_mb", critical + 1):
            raise ValueError("must be below alarm_mb: the alarm comes long before")
        return critical
