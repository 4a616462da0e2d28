"""Messages between supervisors and desks"""

import sqlalchemy as sa
from alembic import op

from callcenter.storage.base import UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_UNREAD = sa.text("read_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "desk_messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("agent", sa.String(length=20), nullable=False),
        sa.Column("seat", sa.String(length=20), nullable=True),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("by_name", sa.String(length=100), nullable=False),
        sa.Column("to_desk", sa.Boolean(), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("deed", sa.String(length=20), nullable=True),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.Column("read_by", sa.String(length=64), nullable=True),
        sa.Column("node", sa.String(length=30), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_messages")),
    )
    op.create_index("ix_desk_messages_agent_id", "desk_messages", ["agent", "id"])
    op.create_index(
        "ix_desk_messages_unread", "desk_messages", ["agent"], sqlite_where=_UNREAD, postgresql_where=_UNREAD
    )


def downgrade() -> None:
    op.drop_table("desk_messages")
