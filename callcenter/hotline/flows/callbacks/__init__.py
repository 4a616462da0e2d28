"""Callbacks 回拨: what is owed, by whom it is settled, what people do with it."""
