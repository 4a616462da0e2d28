"""What the web application carries for requests 工单."""

from aiohttp import web

from callcenter.tickets.flows.moving.desk import TicketDesk

TICKETS = web.AppKey("tickets", TicketDesk)
