"""How good the lines of a call were"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_COLUMNS = ("mos_citizen", "mos_agent", "line_loss", "line_jitter_ms", "line_rtt_ms")


def upgrade() -> None:
    for name in _COLUMNS:
        op.add_column("calls", sa.Column(name, sa.Double(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("calls", schema=None) as batch_op:
        for name in reversed(_COLUMNS):
            batch_op.drop_column(name)
