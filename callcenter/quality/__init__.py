"""Inspection of recordings and tickets 质检, scores and appeals."""
