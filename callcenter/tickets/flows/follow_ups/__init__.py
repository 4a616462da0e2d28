"""Follow-ups 回访: owed by each dispatched request, dialled or sent as a link."""
