"""Interchange with the city platform"""

import sqlalchemy as sa
from alembic import op

from callcenter.storage.base import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "city_messages",
        sa.Column("message_id", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("node", sa.String(length=30), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_city_messages_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_city_messages")),
    )
    op.create_index(op.f("ix_city_messages_received_at"), "city_messages", ["received_at"])
    op.create_index(op.f("ix_city_messages_ticket_id"), "city_messages", ["ticket_id"])
    op.create_table(
        "city_nonces",
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("nonce", name=op.f("pk_city_nonces")),
    )
    op.create_index(op.f("ix_city_nonces_seen_at"), "city_nonces", ["seen_at"])
    op.create_table(
        "city_outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(length=64), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("given_up_at", UtcDateTime(), nullable=True),
        sa.Column("given_up_by", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("node", sa.String(length=30), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_city_outbox_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_city_outbox")),
        sa.UniqueConstraint("message_id", name=op.f("uq_city_outbox_message_id")),
    )
    still = sa.text("sent_at IS NULL AND given_up_at IS NULL")
    op.create_index(
        "ix_city_outbox_open", "city_outbox", ["ticket_id", "id"], sqlite_where=still, postgresql_where=still
    )
    op.create_index(op.f("ix_city_outbox_sent_at"), "city_outbox", ["sent_at"])
    op.create_index(op.f("ix_city_outbox_ticket_id"), "city_outbox", ["ticket_id"])


def downgrade() -> None:
    op.drop_table("city_outbox")
    op.drop_table("city_nonces")
    op.drop_table("city_messages")
