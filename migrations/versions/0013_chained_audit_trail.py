"""The audit trail becomes a chain of hashes that the database itself lets nobody change"""

import secrets

import sqlalchemy as sa
from alembic import op

from callcenter.panel.trail.chain import first_link, link
from callcenter.storage.base import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_PIECE = 1000
_AUDIT = sa.table(
    "audit",
    sa.column("id", sa.Integer),
    sa.column("node", sa.String),
    sa.column("at", UtcDateTime),
    sa.column("who", sa.String),
    sa.column("action", sa.String),
    sa.column("target", sa.String),
    sa.column("address", sa.String),
    sa.column("detail", sa.JSON),
    sa.column("number", sa.Integer),
    sa.column("before", sa.String),
    sa.column("hash", sa.String),
)


def upgrade() -> None:
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("chain", sa.String(length=16), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    with op.batch_alter_table("audit") as audit:
        audit.add_column(sa.Column("number", sa.Integer(), nullable=True))
        audit.add_column(sa.Column("before", sa.String(length=64), nullable=True))
        audit.add_column(sa.Column("hash", sa.String(length=64), nullable=True))
    _chain()
    with op.batch_alter_table("audit") as audit:
        audit.alter_column("number", existing_type=sa.Integer(), nullable=False)
        audit.alter_column("before", existing_type=sa.String(length=64), nullable=False)
        audit.alter_column("hash", existing_type=sa.String(length=64), nullable=False)
        audit.create_unique_constraint(op.f("uq_audit_number"), ["number"])
    _only_added()


def _chain() -> None:
    """Hang the rows that are there on each other, in the order in which they were written."""
    connection = op.get_bind()
    chain = secrets.token_hex(8)
    number, hash_, last = 0, first_link(chain), 0
    change = (
        _AUDIT.update()
        .where(_AUDIT.c.id == sa.bindparam("its_id"))
        .values(number=sa.bindparam("its_number"), before=sa.bindparam("its_before"), hash=sa.bindparam("its_hash"))
    )
    while True:
        query = sa.select(_AUDIT).where(_AUDIT.c.id > last).order_by(_AUDIT.c.id).limit(_PIECE)
        rows = connection.execute(query).mappings().all()
        sealed = []
        for row in rows:
            number += 1
            before, hash_ = hash_, link(hash_, {**row, "number": number})
            sealed.append({"its_id": row["id"], "its_number": number, "its_before": before, "its_hash": hash_})
        if not rows:
            break
        connection.execute(change, sealed)
        last = rows[-1]["id"]
    head = sa.table("audit_head", *(sa.column(name) for name in ("id", "chain", "count", "hash")))
    connection.execute(head.insert().values(id=1, chain=chain, count=number, hash=hash_))


def _only_added() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit "
                "BEGIN SELECT RAISE(ABORT, 'audit: rows are only ever added'); END"
            )
        op.execute(
            "CREATE TRIGGER audit_head_no_delete BEFORE DELETE ON audit_head "
            "BEGIN SELECT RAISE(ABORT, 'audit_head: rows are only ever added'); END"
        )
        return
    # rows_are_only_added() is that of ticket_entries (0003).
    for table, verbs in (("audit", ("UPDATE", "DELETE", "TRUNCATE")), ("audit_head", ("DELETE", "TRUNCATE"))):
        for verb in verbs:
            each = "STATEMENT" if verb == "TRUNCATE" else "ROW"
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"FOR EACH {each} EXECUTE FUNCTION rows_are_only_added()"
            )


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for verb in ("update", "delete") if sqlite else ("update", "delete", "truncate"):
        op.execute(f"DROP TRIGGER audit_no_{verb}" + ("" if sqlite else " ON audit"))
    with op.batch_alter_table("audit") as audit:
        audit.drop_constraint(op.f("uq_audit_number"), type_="unique")
        for name in ("hash", "before", "number"):
            audit.drop_column(name)
    op.drop_table("audit_head")
