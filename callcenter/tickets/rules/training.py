"""When dispatch help 派单建议 learns anew."""

from datetime import datetime, timedelta

#: A night in which the machine slept is made up for so long after its hour, and later only when it is long ago.
_NIGHT = timedelta(hours=2)
_LONG_AGO = timedelta(hours=36)


def due(now: datetime, train_at: str, last: datetime | None) -> bool:
    """Whether to learn, `now` on the floor's clock: once a day at `train_at` (`HH:MM`), at once when it is long ago.

    `last` is the last time that it was tried; None for never.
    """
    hour, minute = map(int, train_at.split(":"))
    today = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if last is None or now - last > _LONG_AGO:
        return True
    return today <= now < today + _NIGHT and last < today
