"""Rules of the hotline: pure functions of events and values; no I/O, no clock."""
