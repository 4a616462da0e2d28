"""Proving who one is: locks for whoever guesses, the second step by telephone, sessions that end with the shift.

`rules` decides (pure), `guesses` keeps the locks, `two_step` the codes, `vault` the key that both are kept with; the
use cases of signing in are in `panel.accounts`, and who is signed in is known by `panel.sessions`.
"""
