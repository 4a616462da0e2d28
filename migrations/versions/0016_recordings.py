"""Recordings of conversations 录音"""

import sqlalchemy as sa
from alembic import op

from callcenter.storage.base import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_KEPT = sa.text("state = 'kept'")


def upgrade() -> None:
    op.create_table(
        "recordings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("linkedid", sa.String(150), nullable=False),
        sa.Column("path", sa.String(255), nullable=False),
        sa.Column("started_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("format", sa.String(10), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("waveform", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("delete_after", UtcDateTime(timezone=True), nullable=False),
        sa.Column("gone_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("legal_hold", sa.Boolean(), nullable=False),
        sa.Column("hold_reason", sa.String(500), nullable=True),
        sa.Column("held_by", sa.String(64), nullable=True),
        sa.Column("held_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("node", sa.String(30), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_recordings_call_id_calls")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recordings")),
        sa.UniqueConstraint("node", "linkedid", name=op.f("uq_recordings_node_linkedid")),
    )
    with op.batch_alter_table("recordings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recordings_call_id"), ["call_id"])
        batch_op.create_index(batch_op.f("ix_recordings_started_at"), ["started_at"])
        batch_op.create_index("ix_recordings_due", ["delete_after"], sqlite_where=_KEPT, postgresql_where=_KEPT)


def downgrade() -> None:
    op.drop_table("recordings")
