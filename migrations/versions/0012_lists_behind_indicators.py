"""The lists behind the indicators of requests are read from their indexes alone"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

#: The moment that puts a request into a period, and all else that the formula asks of it.
_COLUMNS = {
    "ix_tickets_indicator_2": ("due_at", "closed_at", "kind", "state"),
    "ix_tickets_indicator_3": ("followed_up_at", "satisfaction", "state"),
    "ix_tickets_indicator_4": ("first_dispatched_at", "first_unit_id", "closing_unit_id"),
    "ix_tickets_indicator_6": ("replied_at", "state", "first_dispatched_at", "satisfaction", "followed_up_at"),
    "ix_tickets_indicator_7": ("submitted_at", "kind", "handled_seconds"),
}
_BEFORE = {**_COLUMNS, "ix_tickets_indicator_6": ("replied_at", "state", "first_dispatched_at", "satisfaction")}


def upgrade() -> None:
    for name, columns in _COLUMNS.items():
        _replace(name, [*columns, "id"])


def downgrade() -> None:
    for name, columns in _BEFORE.items():
        _replace(name, list(columns))


def _replace(name: str, columns: list[str]) -> None:
    op.drop_index(name, "tickets")
    there = sa.text(f"{columns[0]} IS NOT NULL")
    op.create_index(name, "tickets", columns, sqlite_where=there, postgresql_where=there)
