"""What the indicators of requests are read from"""

import sqlalchemy as sa
from alembic import op

from callcenter.storage.base import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_INDEXES = {
    "ix_tickets_indicator_2": ("due_at", "closed_at", "kind", "state"),
    "ix_tickets_indicator_3": ("followed_up_at", "satisfaction", "state"),
    "ix_tickets_indicator_4": ("first_dispatched_at", "first_unit_id", "closing_unit_id"),
    "ix_tickets_indicator_6": ("replied_at", "state", "first_dispatched_at", "satisfaction"),
    "ix_tickets_indicator_7": ("submitted_at", "kind", "handled_seconds"),
}
_OPEN = sa.text("closed_at IS NULL")
#: What puts a ticket into a day of an indicator, and what else the indicators ask of it.
_MOMENTS = ("due_at", "followed_up_at", "first_dispatched_at", "replied_at", "submitted_at")
_OTHERS = ("closed_at", "kind", "state", "satisfaction", "first_unit_id", "closing_unit_id", "handled_seconds")


def upgrade() -> None:
    op.add_column("tickets", sa.Column("handled_seconds", sa.Integer(), nullable=True))
    for name, (moment, *others) in _INDEXES.items():
        there = sa.text(f"{moment} IS NOT NULL")
        op.create_index(name, "tickets", [moment, *others], sqlite_where=there, postgresql_where=there)
    op.create_index(
        "ix_tickets_standing", "tickets", ["kind", "due_at", "state"], sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.create_table(
        "indicator_days",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("basis", sa.String(length=80), nullable=False),
        sa.Column("tallies", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number", "day", "basis", name=op.f("pk_indicator_days")),
    )
    op.create_table(
        "touched_moments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_touched_moments")),
    )
    columns = ", ".join((*_MOMENTS, *_OTHERS))
    # Whoever changes a ticket, by whatever way: the days in which it counts, and counted, are to be counted anew.
    touched = " UNION ".join(
        f"SELECT {row}.{moment} WHERE {row}.{moment} IS NOT NULL"  # names of ours
        for moment in _MOMENTS
        for row in ("OLD", "NEW")
    )
    concerns = "WHEN (OLD.kind <> 'missed_call' OR NEW.kind <> 'missed_call')"
    # A ticket is opened before any of these moments, but for a deadline that somebody else has set.
    opened = "WHEN (NEW.due_at IS NOT NULL AND NEW.kind <> 'missed_call')"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER tickets_touched AFTER UPDATE OF {columns} ON tickets {concerns} "
            f"BEGIN INSERT INTO touched_moments (at) {touched}; END"
        )
        op.execute(
            f"CREATE TRIGGER tickets_touched_opened AFTER INSERT ON tickets {opened} "  # noqa: S608  # names of ours
            "BEGIN INSERT INTO touched_moments (at) VALUES (NEW.due_at); END"
        )
        return
    op.execute(
        "CREATE FUNCTION ticket_touched() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN INSERT INTO touched_moments (at) {touched}; RETURN NULL; END $$"
    )
    op.execute(
        "CREATE FUNCTION ticket_touched_opened() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN INSERT INTO touched_moments (at) VALUES (NEW.due_at); RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE TRIGGER tickets_touched AFTER UPDATE OF {columns} ON tickets "
        f"FOR EACH ROW {concerns} EXECUTE FUNCTION ticket_touched()"
    )
    op.execute(
        f"CREATE TRIGGER tickets_touched_opened AFTER INSERT ON tickets "
        f"FOR EACH ROW {opened} EXECUTE FUNCTION ticket_touched_opened()"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER tickets_touched")
        op.execute("DROP TRIGGER tickets_touched_opened")
    else:
        op.execute("DROP TRIGGER tickets_touched ON tickets")
        op.execute("DROP TRIGGER tickets_touched_opened ON tickets")
        op.execute("DROP FUNCTION ticket_touched")
        op.execute("DROP FUNCTION ticket_touched_opened")
    op.drop_table("touched_moments")
    op.drop_table("indicator_days")
    op.drop_index("ix_tickets_standing", "tickets")
    for name in _INDEXES:
        op.drop_index(name, "tickets")
    with op.batch_alter_table("tickets", schema=None) as batch_op:
        batch_op.drop_column("handled_seconds")
