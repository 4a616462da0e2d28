"""Keeping whoever guesses or floods out of SIP for a time 封禁, and letting them in again."""
