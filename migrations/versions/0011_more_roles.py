"""Two more roles: inspector 质检员 and manager 主管"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_BEFORE = "role IN ('unit', 'agent', 'supervisor', 'administrator')"
_NOW = "role IN ('unit', 'agent', 'supervisor', 'inspector', 'manager', 'administrator')"


def upgrade() -> None:
    _know(_NOW)


def downgrade() -> None:
    # Whoever had a new role keeps their history, and signs in again when an administrator has given them another.
    op.execute(sa.text("UPDATE panel_user SET role = 'agent', active = false WHERE role IN ('inspector', 'manager')"))
    op.execute("DELETE FROM panel_session WHERE user_id IN (SELECT id FROM panel_user WHERE NOT active)")
    _know(_BEFORE)


def _know(roles: str) -> None:
    with op.batch_alter_table("panel_user") as users:
        users.drop_constraint(op.f("ck_panel_user_role_known"), type_="check")
        users.create_check_constraint(op.f("ck_panel_user_role_known"), roles)
