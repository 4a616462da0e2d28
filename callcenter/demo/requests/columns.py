"""Columns of the rows of generated requests, in their order."""

ENTRY = (
    "node", "ticket_id", "at", "who", "role", "unit_id", "move", "from_state", "to_state", "version", "words",
    "changes",
)  # fmt: skip
UNIT = ("ticket_id", "unit_id", "part", "since", "until", "signed_at", "replied_at")
CLOCK = ("ticket_id", "unit_id", "name", "started_at", "days", "due_at", "paused_at", "stopped_at", "pauses")
FOLLOW_UP = (
    "id", "node", "ticket_id", "state", "number", "opened_at", "next_at", "satisfaction", "words", "said_to",
    "said_at", "needs_supervisor", "closed_at",
)  # fmt: skip
ATTEMPT = ("node", "follow_up_id", "at", "agent", "number", "result", "ended_at")
TICKET = (
    "id", "node", "number", "kind", "state", "version", "caller", "title", "description", "source", "urgency",
    "confidential", "category_id", "place_id", "address", "contact_name", "contact_phone", "anonymous", "answer",
    "accepted_by", "agent", "unit_id", "first_unit_id", "closing_unit_id", "opened_at", "work_started_at",
    "submitted_at", "handled_seconds", "first_dispatched_at", "dispatched_at", "signed_at", "replied_at", "due_at",
    "closed_at", "archived_at", "satisfaction", "followed_up_at", "redone", "extended", "reminded", "supervised",
    "pending", "pending_days", "merged_into_id", "merged_from", "city_number",
)  # fmt: skip
