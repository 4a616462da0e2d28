"""The only code that knows Asterisk: its manager interface, its questions, its files, its program."""
