"""Dispatch help"""

import sqlalchemy as sa
from alembic import op

from callcenter.storage.base import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dispatch_models",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("trained_at", UtcDateTime(), nullable=False),
        sa.Column("file", sa.String(length=100), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("tickets", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("node", sa.String(length=30), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispatch_models")),
    )
    op.create_index(op.f("ix_dispatch_models_trained_at"), "dispatch_models", ["trained_at"])
    op.create_table(
        "dispatch_suggestions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("draft", sa.String(length=64), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("who", sa.String(length=64), nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=30), nullable=True),
        sa.Column("category_probability", sa.Double(), nullable=True),
        sa.Column("unit", sa.String(length=30), nullable=True),
        sa.Column("unit_probability", sa.Double(), nullable=True),
        sa.Column("chosen", sa.String(length=30), nullable=True),
        sa.Column("node", sa.String(length=30), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id"], ["dispatch_models.id"], name=op.f("fk_dispatch_suggestions_model_id_dispatch_models")
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_dispatch_suggestions_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispatch_suggestions")),
        sa.UniqueConstraint("draft", name=op.f("uq_dispatch_suggestions_draft")),
    )
    op.create_index(op.f("ix_dispatch_suggestions_ticket_id"), "dispatch_suggestions", ["ticket_id"])
    op.create_index(op.f("ix_dispatch_suggestions_at"), "dispatch_suggestions", ["at"])
    op.create_index("ix_tickets_place_category_newest", "tickets", ["place_id", "category_id", "opened_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_tickets_place_category_newest", "tickets")
    op.drop_table("dispatch_suggestions")
    op.drop_table("dispatch_models")
