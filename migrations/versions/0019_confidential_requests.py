"""The few confidential requests are found without a look at all the others"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_WHERE = sa.text("confidential")


def upgrade() -> None:
    op.create_index("ix_tickets_confidential", "tickets", ["id"], sqlite_where=_WHERE, postgresql_where=_WHERE)


def downgrade() -> None:
    op.drop_index("ix_tickets_confidential", "tickets")
