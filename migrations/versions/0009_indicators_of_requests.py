"""What the indicators of requests are read from"""

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None: ...


def downgrade() -> None: ...
