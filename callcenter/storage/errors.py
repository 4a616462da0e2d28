"""What can be wrong with a database, for those who need not know which one it is."""


class DatabaseAway(Exception):
    """The database cannot be used; says why, in one line."""
