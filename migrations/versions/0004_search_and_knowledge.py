"""Full-text search, saved lists, knowledge base"""

import sqlalchemy as sa
from alembic import op

from callcenter.storage.base import UtcDateTime
from callcenter.storage.fulltext import created, dropped

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NEWEST = ("unit_id", "category_id", "place_id", "agent", "accepted_by", "state", "kind", "urgency", "source")
OPEN = sa.text("closed_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "articles",
        sa.Column("id", sa.Integer(), nullable=False),
        *_texts(),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by", sa.String(64), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("flagged_at", UtcDateTime(), nullable=True),
        sa.Column("flagged_by", sa.String(64), nullable=True),
        sa.Column("flag_note", sa.String(500), nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["member_units.id"], name=op.f("fk_articles_unit_id_member_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_articles")),
    )
    for name in ("unit_id", "valid_until", "flagged_at"):
        op.create_index(op.f(f"ix_articles_{name}"), "articles", [name])
    op.create_index("ix_articles_state_changed_at", "articles", ["state", "changed_at", "id"])
    op.create_table(
        "article_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        *_texts(),
        sa.Column("node", sa.String(30), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_article_versions_article_id_articles")),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["member_units.id"], name=op.f("fk_article_versions_unit_id_member_units")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_versions")),
        sa.UniqueConstraint("article_id", "version", name=op.f("uq_article_versions_article_id_version")),
    )
    op.create_table(
        "article_uses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("ticket", sa.String(64), nullable=True),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("node", sa.String(30), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_article_uses_article_id_articles")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_uses")),
        sa.UniqueConstraint("article_id", "ticket", name=op.f("uq_article_uses_article_id_ticket")),
    )
    op.create_table(
        "saved_lists",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("filters", sa.JSON(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_lists")),
        sa.UniqueConstraint("who", "name", name=op.f("uq_saved_lists_who_name")),
    )
    for name in NEWEST:
        op.create_index(f"ix_tickets_{name}_newest", "tickets", [name, "opened_at", "id"])
    op.create_index("ix_tickets_newest", "tickets", ["opened_at", "id"])
    op.create_index("ix_tickets_due_next", "tickets", ["due_at", "id"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index("ix_ticket_units_ever", "ticket_units", ["unit_id", "ticket_id"])

    dialect = op.get_bind().dialect.name
    for name in ("tickets", "articles"):
        for statement in created(name, dialect):
            op.execute(statement)
    if dialect == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER article_versions_no_{verb.lower()} BEFORE {verb} ON article_versions "
                "BEGIN SELECT RAISE(ABORT, 'article_versions: rows are only ever added'); END"
            )
        return
    for verb, each in (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER article_versions_no_{verb.lower()} BEFORE {verb} ON article_versions "
            f"FOR EACH {each} EXECUTE FUNCTION rows_are_only_added()"
        )


def _texts() -> list[sa.Column]:
    return [
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("keywords", sa.String(1000), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("state", sa.String(12), nullable=False),
    ]


def downgrade() -> None:
    for name in ("tickets", "articles"):
        for statement in dropped(name):
            op.execute(statement)
    op.drop_index("ix_ticket_units_ever", "ticket_units")
    op.drop_index("ix_tickets_due_next", "tickets")
    op.drop_index("ix_tickets_newest", "tickets")
    for name in NEWEST:
        op.drop_index(f"ix_tickets_{name}_newest", "tickets")
    op.drop_table("saved_lists")
    op.drop_table("article_uses")
    op.drop_table("article_versions")
    op.drop_table("articles")
