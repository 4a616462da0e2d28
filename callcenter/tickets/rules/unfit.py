"""How the rules refuse a file."""


class Unfit(Exception):
    """The file cannot be taken; `message` is an English sentence marked N_ that says why, and what to do."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
