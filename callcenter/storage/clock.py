"""The one place that asks what time it is."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present as aware UTC; rules take it as an argument and never call this."""
    return datetime.now(UTC)
