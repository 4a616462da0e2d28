"""Tables of requests 工单 and of what belongs to them."""

from callcenter.tickets.tables.clocks import TicketClock, TicketNotice
from callcenter.tickets.tables.reference import Category, MemberUnit, Place
from callcenter.tickets.tables.requests import Attachment, Draft, Ticket, TicketCounter, TicketEntry, TicketUnit

__all__ = [
    "Attachment",
    "Category",
    "Draft",
    "MemberUnit",
    "Place",
    "Ticket",
    "TicketClock",
    "TicketCounter",
    "TicketEntry",
    "TicketNotice",
    "TicketUnit",
]
