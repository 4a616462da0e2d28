"""Follow-up visits"""

import sqlalchemy as sa
from alembic import op

from callcenter.storage.base import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_OPEN = sa.text("state IN ('waiting', 'dialling', 'answered', 'retry')")


def upgrade() -> None:
    op.create_table(
        "follow_ups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=False),
        sa.Column("assigned", sa.String(length=20), nullable=True),
        sa.Column("satisfaction", sa.String(length=12), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("said_to", sa.String(length=64), nullable=True),
        sa.Column("said_at", UtcDateTime(), nullable=True),
        sa.Column("needs_supervisor", sa.Boolean(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("node", sa.String(length=30), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_follow_ups_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_ups")),
    )
    with op.batch_alter_table("follow_ups", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_follow_ups_ticket_id"), ["ticket_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_follow_ups_opened_at"), ["opened_at"], unique=False)
        batch_op.create_index("ix_follow_ups_state_next_at", ["state", "next_at"], unique=False)
        batch_op.create_index(
            "uq_follow_ups_open_ticket", ["ticket_id"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
        )

    op.create_table(
        "follow_up_attempts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("follow_up_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("agent", sa.String(length=20), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("result", sa.String(length=20), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("call_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("node", sa.String(length=30), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_follow_up_attempts_call_id_calls")),
        sa.ForeignKeyConstraint(
            ["follow_up_id"], ["follow_ups.id"], name=op.f("fk_follow_up_attempts_follow_up_id_follow_ups")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_up_attempts")),
    )
    with op.batch_alter_table("follow_up_attempts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_follow_up_attempts_follow_up_id"), ["follow_up_id"], unique=False)

    op.create_table(
        "follow_up_links",
        sa.Column("follow_up_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["follow_up_id"], ["follow_ups.id"], name=op.f("fk_follow_up_links_follow_up_id_follow_ups")
        ),
        sa.PrimaryKeyConstraint("follow_up_id", name=op.f("pk_follow_up_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_follow_up_links_token_hash")),
    )


def downgrade() -> None:
    op.drop_table("follow_up_links")
    op.drop_table("follow_up_attempts")
    op.drop_table("follow_ups")
