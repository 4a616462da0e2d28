"""Requests found again: full text, filters, saved lists, Excel, repeats."""
