"""A request from accept to archive: units, categories, history, clocks, drafts, attachments"""

import sqlalchemy as sa
from alembic import op

from callcenter.storage.base import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "member_units",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=30), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=True),
        sa.Column("email", sa.String(length=200), nullable=True),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_units")),
        sa.UniqueConstraint("code", name=op.f("uq_member_units_code")),
        sa.UniqueConstraint("name", name=op.f("uq_member_units_name")),
    )
    op.create_table(
        "places",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=30), nullable=False),
        sa.Column("parent", sa.String(length=30), nullable=True),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_places")),
        sa.UniqueConstraint("code", name=op.f("uq_places_code")),
    )
    op.create_table(
        "ticket_drafts",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("who", sa.String(length=64), nullable=False),
        sa.Column("linkedid", sa.String(length=150), nullable=True),
        sa.Column("ticket", sa.String(length=20), nullable=True),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.Column("node", sa.String(length=30), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_drafts")),
    )
    with op.batch_alter_table("ticket_drafts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ticket_drafts_who"), ["who"], unique=False)

    op.create_table(
        "ticket_categories",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=30), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("parent", sa.String(length=30), nullable=True),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["member_units.id"], name=op.f("fk_ticket_categories_unit_id_member_units")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_categories")),
        sa.UniqueConstraint("code", "version", name=op.f("uq_ticket_categories_code_version")),
    )
    with op.batch_alter_table("ticket_categories", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ticket_categories_code"), ["code"], unique=False)

    op.create_table(
        "ticket_clocks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=12), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("paused_at", UtcDateTime(), nullable=True),
        sa.Column("stopped_at", UtcDateTime(), nullable=True),
        sa.Column("pauses", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_clocks_ticket_id_tickets")),
        sa.ForeignKeyConstraint(["unit_id"], ["member_units.id"], name=op.f("fk_ticket_clocks_unit_id_member_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_clocks")),
    )
    with op.batch_alter_table("ticket_clocks", schema=None) as batch_op:
        batch_op.create_index(
            "ix_ticket_clocks_running",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("stopped_at IS NULL"),
            postgresql_where=sa.text("stopped_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_ticket_clocks_ticket_id"), ["ticket_id"], unique=False)

    op.create_table(
        "ticket_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("who", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("move", sa.String(length=30), nullable=False),
        sa.Column("from_state", sa.String(length=20), nullable=True),
        sa.Column("to_state", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("node", sa.String(length=30), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_entries_ticket_id_tickets")),
        sa.ForeignKeyConstraint(["unit_id"], ["member_units.id"], name=op.f("fk_ticket_entries_unit_id_member_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_entries")),
        sa.UniqueConstraint("ticket_id", "request_id", name=op.f("uq_ticket_entries_ticket_id_request_id")),
    )
    with op.batch_alter_table("ticket_entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ticket_entries_ticket_id"), ["ticket_id"], unique=False)

    op.create_table(
        "ticket_units",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(length=8), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.Column("signed_at", UtcDateTime(), nullable=True),
        sa.Column("replied_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_units_ticket_id_tickets")),
        sa.ForeignKeyConstraint(["unit_id"], ["member_units.id"], name=op.f("fk_ticket_units_unit_id_member_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_units")),
    )
    with op.batch_alter_table("ticket_units", schema=None) as batch_op:
        batch_op.create_index(
            "ix_ticket_units_now",
            ["unit_id", "ticket_id"],
            unique=False,
            sqlite_where=sa.text("until IS NULL"),
            postgresql_where=sa.text("until IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_ticket_units_ticket_id"), ["ticket_id"], unique=False)

    op.create_table(
        "attachments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("type", sa.String(length=100), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("entry_id", sa.Integer(), nullable=True),
        sa.Column("node", sa.String(length=30), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ticket_entries.id"], name=op.f("fk_attachments_entry_id_ticket_entries")
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_attachments_ticket_id_tickets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
    )
    with op.batch_alter_table("attachments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attachments_sha256"), ["sha256"], unique=False)
        batch_op.create_index(batch_op.f("ix_attachments_ticket_id"), ["ticket_id"], unique=False)

    op.create_table(
        "ticket_notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("clock_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("audience", sa.String(length=12), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("who", sa.String(length=64), nullable=True),
        sa.Column("words", sa.String(length=500), nullable=True),
        sa.Column("about", UtcDateTime(), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=True),
        sa.Column("mailed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["clock_id"], ["ticket_clocks.id"], name=op.f("fk_ticket_notices_clock_id_ticket_clocks")
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_notices_ticket_id_tickets")),
        sa.ForeignKeyConstraint(["unit_id"], ["member_units.id"], name=op.f("fk_ticket_notices_unit_id_member_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_notices")),
        sa.UniqueConstraint(
            "clock_id", "kind", "audience", "about", name=op.f("uq_ticket_notices_clock_id_kind_audience_about")
        ),
    )
    with op.batch_alter_table("ticket_notices", schema=None) as batch_op:
        batch_op.create_index("ix_ticket_notices_audience_seen_at", ["audience", "seen_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_ticket_notices_made_at"), ["made_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_ticket_notices_ticket_id"), ["ticket_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ticket_notices_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "ticket_digests",
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=False),
        sa.Column("tickets", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["member_units.id"], name=op.f("fk_ticket_digests_unit_id_member_units")),
        sa.PrimaryKeyConstraint("unit_id", "day", name=op.f("pk_ticket_digests")),
    )

    _check_roles("role IN ('unit', 'agent', 'supervisor', 'administrator')", with_unit=True)

    with op.batch_alter_table("tickets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("source", sa.String(length=12), nullable=False, server_default="phone"))
        batch_op.add_column(sa.Column("urgency", sa.String(length=12), nullable=False, server_default="normal"))
        batch_op.add_column(sa.Column("confidential", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("category_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("place_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("address", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("contact_name", sa.String(length=60), nullable=True))
        batch_op.add_column(sa.Column("contact_phone", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("anonymous", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("answer", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("accepted_by", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("agent", sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column("unit_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("first_unit_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("closing_unit_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("work_started_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("submitted_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("first_dispatched_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("dispatched_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("signed_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("replied_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("archived_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("satisfaction", sa.String(length=12), nullable=True))
        batch_op.add_column(sa.Column("followed_up_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("redone", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("extended", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("reminded", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("supervised", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("pending", sa.String(length=12), nullable=True))
        batch_op.add_column(sa.Column("pending_days", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("merged_into_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("merged_from", sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column("city_number", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("request_id", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("linkedid", sa.String(length=150), nullable=True))
        batch_op.create_index(batch_op.f("ix_tickets_category_id"), ["category_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_tickets_closed_at"), ["closed_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_tickets_first_dispatched_at"), ["first_dispatched_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_tickets_linkedid"), ["linkedid"], unique=False)
        batch_op.create_index(batch_op.f("ix_tickets_merged_into_id"), ["merged_into_id"], unique=False)
        batch_op.create_index("ix_tickets_state_due_at", ["state", "due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_tickets_unit_id"), ["unit_id"], unique=False)
        batch_op.create_unique_constraint(batch_op.f("uq_tickets_city_number"), ["city_number"])
        batch_op.create_unique_constraint(batch_op.f("uq_tickets_request_id"), ["request_id"])
        batch_op.create_foreign_key(
            batch_op.f("fk_tickets_first_unit_id_member_units"), "member_units", ["first_unit_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_tickets_category_id_ticket_categories"), "ticket_categories", ["category_id"], ["id"]
        )
        batch_op.create_foreign_key(batch_op.f("fk_tickets_unit_id_member_units"), "member_units", ["unit_id"], ["id"])
        batch_op.create_foreign_key(
            batch_op.f("fk_tickets_merged_into_id_tickets"), "tickets", ["merged_into_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_tickets_closing_unit_id_member_units"), "member_units", ["closing_unit_id"], ["id"]
        )
        batch_op.create_foreign_key(batch_op.f("fk_tickets_place_id_places"), "places", ["place_id"], ["id"])
        batch_op.drop_column("unit")

    op.execute("UPDATE tickets SET source = 'missed_call' WHERE kind = 'missed_call'")
    _only_added("ticket_entries")


def _check_roles(known: str, *, with_unit: bool) -> None:
    """Let `panel_user` know the roles `known`, and a unit where one is."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    # Always anew: SQLite would add the column alone, and keep the checks as they were.
    with op.batch_alter_table("panel_user", recreate="always" if sqlite else "auto") as users:
        users.drop_constraint(op.f("ck_panel_user_role_known"), type_="check")
        if with_unit:
            users.add_column(sa.Column("unit", sa.String(length=30), nullable=True))
            its = "(role = 'unit') = (unit IS NOT NULL)"
            users.create_check_constraint(op.f("ck_panel_user_unit_of_its_role"), its)
        else:
            users.drop_constraint(op.f("ck_panel_user_unit_of_its_role"), type_="check")
            users.drop_column("unit")
        users.create_check_constraint(op.f("ck_panel_user_role_known"), known)


def _only_added(table: str) -> None:
    """Let the database itself refuse to change or remove a row of `table`."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table}: rows are only ever added'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION rows_are_only_added() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '%: rows are only ever added', TG_TABLE_NAME; END $$"
    )
    for verb, each in (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"FOR EACH {each} EXECUTE FUNCTION rows_are_only_added()"
        )


def downgrade() -> None:
    with op.batch_alter_table("tickets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("unit", sa.VARCHAR(length=100), nullable=True))
        batch_op.drop_constraint(batch_op.f("fk_tickets_place_id_places"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_tickets_closing_unit_id_member_units"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_tickets_merged_into_id_tickets"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_tickets_unit_id_member_units"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_tickets_category_id_ticket_categories"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_tickets_first_unit_id_member_units"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("uq_tickets_request_id"), type_="unique")
        batch_op.drop_constraint(batch_op.f("uq_tickets_city_number"), type_="unique")
        batch_op.drop_index(batch_op.f("ix_tickets_unit_id"))
        batch_op.drop_index("ix_tickets_state_due_at")
        batch_op.drop_index(batch_op.f("ix_tickets_merged_into_id"))
        batch_op.drop_index(batch_op.f("ix_tickets_linkedid"))
        batch_op.drop_index(batch_op.f("ix_tickets_first_dispatched_at"))
        batch_op.drop_index(batch_op.f("ix_tickets_closed_at"))
        batch_op.drop_index(batch_op.f("ix_tickets_category_id"))
        batch_op.drop_column("linkedid")
        batch_op.drop_column("request_id")
        batch_op.drop_column("city_number")
        batch_op.drop_column("merged_from")
        batch_op.drop_column("merged_into_id")
        batch_op.drop_column("pending_days")
        batch_op.drop_column("pending")
        batch_op.drop_column("supervised")
        batch_op.drop_column("reminded")
        batch_op.drop_column("extended")
        batch_op.drop_column("redone")
        batch_op.drop_column("followed_up_at")
        batch_op.drop_column("satisfaction")
        batch_op.drop_column("archived_at")
        batch_op.drop_column("replied_at")
        batch_op.drop_column("signed_at")
        batch_op.drop_column("dispatched_at")
        batch_op.drop_column("first_dispatched_at")
        batch_op.drop_column("submitted_at")
        batch_op.drop_column("work_started_at")
        batch_op.drop_column("closing_unit_id")
        batch_op.drop_column("first_unit_id")
        batch_op.drop_column("unit_id")
        batch_op.drop_column("agent")
        batch_op.drop_column("accepted_by")
        batch_op.drop_column("answer")
        batch_op.drop_column("anonymous")
        batch_op.drop_column("contact_phone")
        batch_op.drop_column("contact_name")
        batch_op.drop_column("address")
        batch_op.drop_column("place_id")
        batch_op.drop_column("category_id")
        batch_op.drop_column("confidential")
        batch_op.drop_column("urgency")
        batch_op.drop_column("source")
        batch_op.drop_column("version")

    _check_roles("role IN ('agent', 'supervisor', 'administrator')", with_unit=False)

    op.drop_table("ticket_digests")
    with op.batch_alter_table("ticket_notices", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ticket_notices_unit_id"))
        batch_op.drop_index(batch_op.f("ix_ticket_notices_ticket_id"))
        batch_op.drop_index(batch_op.f("ix_ticket_notices_made_at"))
        batch_op.drop_index("ix_ticket_notices_audience_seen_at")

    op.drop_table("ticket_notices")
    with op.batch_alter_table("attachments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attachments_ticket_id"))
        batch_op.drop_index(batch_op.f("ix_attachments_sha256"))

    op.drop_table("attachments")
    with op.batch_alter_table("ticket_units", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ticket_units_ticket_id"))
        batch_op.drop_index(
            "ix_ticket_units_now", sqlite_where=sa.text("until IS NULL"), postgresql_where=sa.text("until IS NULL")
        )

    op.drop_table("ticket_units")
    with op.batch_alter_table("ticket_entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ticket_entries_ticket_id"))

    op.drop_table("ticket_entries")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION rows_are_only_added")
    with op.batch_alter_table("ticket_clocks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ticket_clocks_ticket_id"))
        batch_op.drop_index(
            "ix_ticket_clocks_running",
            sqlite_where=sa.text("stopped_at IS NULL"),
            postgresql_where=sa.text("stopped_at IS NULL"),
        )

    op.drop_table("ticket_clocks")
    with op.batch_alter_table("ticket_categories", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ticket_categories_code"))

    op.drop_table("ticket_categories")
    with op.batch_alter_table("ticket_drafts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ticket_drafts_who"))

    op.drop_table("ticket_drafts")
    op.drop_table("places")
    op.drop_table("member_units")
