"""Requests from citizens 工单, from accept to archive."""
