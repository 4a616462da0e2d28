"""What is owed is dialled: the queue policy's log, abusive callers, test dials"""

import sqlalchemy as sa
from alembic import op

from callcenter.storage.base import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "blocked_callers",
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("level", sa.String(length=12), nullable=False),
        sa.Column("per_hour", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_blocked_callers")),
    )
    op.create_table(
        "policy_steps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("level", sa.String(length=12), nullable=False),
        sa.Column("step", sa.String(length=30), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("node", sa.String(length=30), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_steps")),
    )
    op.create_index(op.f("ix_policy_steps_at"), "policy_steps", ["at"], unique=False)
    op.create_table(
        "test_dials",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("trunk", sa.String(length=31), nullable=False),
        sa.Column("result", sa.String(length=12), nullable=False),
        sa.Column("greeting_seconds", sa.Double(), nullable=True),
        sa.Column("person_seconds", sa.Double(), nullable=True),
        sa.Column("waiting_found", sa.Integer(), nullable=True),
        sa.Column("detail", sa.String(length=300), nullable=True),
        sa.Column("node", sa.String(length=30), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_test_dials")),
    )
    op.create_index(op.f("ix_test_dials_at"), "test_dials", ["at"], unique=False)

    with op.batch_alter_table("callback_attempts") as attempts:
        attempts.add_column(sa.Column("number", sa.String(length=32), nullable=False, server_default=""))
        attempts.add_column(sa.Column("ended_at", UtcDateTime(), nullable=True))
        attempts.add_column(sa.Column("call_id", sa.Integer(), nullable=True))
        attempts.add_column(sa.Column("note", sa.String(length=500), nullable=True))
        attempts.add_column(sa.Column("node", sa.String(length=30), nullable=False, server_default="node1"))
        attempts.create_foreign_key(attempts.f("fk_callback_attempts_call_id_calls"), "calls", ["call_id"], ["id"])

    # Columns alone: made anew, the tables would lose their partial indexes on SQLite.
    long_ago = sa.text("'2000-01-01 00:00:00'")
    for column in (
        sa.Column("number", sa.String(length=32), nullable=True),
        sa.Column("called_at", UtcDateTime(), nullable=False, server_default=long_ago),
        sa.Column("next_at", UtcDateTime(), nullable=False, server_default=long_ago),
        sa.Column("priority", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("held", sa.String(length=12), nullable=True),
        sa.Column("assigned", sa.String(length=20), nullable=True),
        sa.Column("escalated_at", UtcDateTime(), nullable=True),
    ):
        op.add_column("callbacks", column)
    op.execute("UPDATE callbacks SET called_at = opened_at, next_at = opened_at")
    for column in (
        sa.Column("wants_callback", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("callback_number", sa.String(length=32), nullable=True),
        sa.Column("attempt_id", sa.Integer(), nullable=True),
        sa.Column("dial_result", sa.String(length=20), nullable=True),
    ):
        op.add_column("calls", column)


def downgrade() -> None:
    for name in ("dial_result", "attempt_id", "callback_number", "wants_callback"):
        op.drop_column("calls", name)
    for name in ("escalated_at", "assigned", "held", "priority", "next_at", "called_at", "number"):
        op.drop_column("callbacks", name)
    with op.batch_alter_table("callback_attempts") as attempts:
        attempts.drop_constraint(attempts.f("fk_callback_attempts_call_id_calls"), type_="foreignkey")
        for name in ("node", "note", "call_id", "ended_at", "number"):
            attempts.drop_column(name)
    for table in ("test_dials", "policy_steps", "blocked_callers"):
        op.drop_table(table)
