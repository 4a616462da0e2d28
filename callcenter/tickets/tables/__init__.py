"""Tables of requests 工单 and of what belongs to them."""

from callcenter.tickets.tables.clocks import TicketClock, TicketNotice
from callcenter.tickets.tables.digests import TicketDigest
from callcenter.tickets.tables.follow_ups import FollowUp, FollowUpAttempt, FollowUpLink
from callcenter.tickets.tables.indicators import IndicatorDay, TouchedMoment
from callcenter.tickets.tables.interchange import CityMessage, CityNonce, CityOutbox
from callcenter.tickets.tables.knowledge import Article, ArticleUse, ArticleVersion
from callcenter.tickets.tables.reference import Category, MemberUnit, Place
from callcenter.tickets.tables.requests import Attachment, Draft, Ticket, TicketCounter, TicketEntry, TicketUnit
from callcenter.tickets.tables.search import SavedList
from callcenter.tickets.tables.suggestions import DispatchModel, Suggestion

__all__ = [
    "Article",
    "ArticleUse",
    "ArticleVersion",
    "Attachment",
    "Category",
    "CityMessage",
    "CityNonce",
    "CityOutbox",
    "DispatchModel",
    "Draft",
    "FollowUp",
    "FollowUpAttempt",
    "FollowUpLink",
    "IndicatorDay",
    "MemberUnit",
    "Place",
    "SavedList",
    "Suggestion",
    "Ticket",
    "TicketClock",
    "TicketCounter",
    "TicketDigest",
    "TicketEntry",
    "TicketNotice",
    "TicketUnit",
    "TouchedMoment",
]
