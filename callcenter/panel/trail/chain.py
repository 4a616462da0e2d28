"""How one row of the audit trail hangs on the one before: SHA-256 over its fields and that row's hash. Pure.

The form must never change: every row that was ever written is checked with it. A column that the trail gets later joins
only the rows that have it.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

#: What is hashed of a row, beside the hash before it.
FIELDS = ("number", "node", "at", "who", "action", "target", "address", "detail")


def first_link(chain: str) -> str:
    """Return what the first row of the chain named `chain` hangs on."""
    return hashlib.sha256(f"audit trail {chain}".encode()).hexdigest()


def plain(detail: Any) -> Any:  # noqa: ANN401  # any JSON
    """Return `detail` as a database gives it back: tuples as lists, keys as texts. Raises what `json` raises."""
    return json.loads(json.dumps(detail))


def link(before: str, row: Mapping[str, Any]) -> str:
    """Return the hash of `row` (see FIELDS; `at` is aware) after the row with the hash `before`, in hexadecimal."""
    at: datetime = row["at"]
    fields = {name: row[name] for name in FIELDS} | {"at": at.astimezone(UTC).isoformat(timespec="microseconds")}
    text = json.dumps({"before": before, **fields}, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
