"""Locks that outlive a restart, the second step, and where somebody is signed in"""

import sqlalchemy as sa
from alembic import op

from callcenter.storage.base import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("panel_user", sa.Column("two_step_since", UtcDateTime(), nullable=True))
    op.add_column("panel_session", sa.Column("address", sa.String(length=45), nullable=False, server_default=""))
    op.add_column("panel_session", sa.Column("browser", sa.String(length=200), nullable=False, server_default=""))
    op.create_table(
        "panel_guess",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locks", sa.Integer(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("locked_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panel_guess")),
        sa.UniqueConstraint("kind", "login", "place", name=op.f("uq_panel_guess_kind_login_place")),
    )
    op.create_index(op.f("ix_panel_guess_login"), "panel_guess", ["login"])
    op.create_index(op.f("ix_panel_guess_last_at"), "panel_guess", ["last_at"])
    op.create_table(
        "panel_second_step",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["panel_user.id"], name=op.f("fk_panel_second_step_user_id_panel_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_panel_second_step")),
    )
    op.create_table(
        "panel_recovery_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["panel_user.id"], name=op.f("fk_panel_recovery_code_user_id_panel_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panel_recovery_code")),
    )
    op.create_index(op.f("ix_panel_recovery_code_user_id"), "panel_recovery_code", ["user_id"])


def downgrade() -> None:
    op.drop_table("panel_recovery_code")
    op.drop_table("panel_second_step")
    op.drop_table("panel_guess")
    with op.batch_alter_table("panel_session", schema=None) as batch_op:
        batch_op.drop_column("browser")
        batch_op.drop_column("address")
    with op.batch_alter_table("panel_user", schema=None) as batch_op:
        batch_op.drop_column("two_step_since")
