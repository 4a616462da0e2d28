"""Telephone numbers as people may see them."""

_KEEP_BOTH_ENDS = 8


def mask(number: str) -> str:
    """Return `number` with its middle hidden (`138****0001`), as a screen that everyone sees may show it.

    A withheld number stays empty; a short one keeps its last two characters.
    """
    if len(number) >= _KEEP_BOTH_ENDS:
        return f"{number[:3]}****{number[-4:]}"
    return "*" * max(len(number) - 2, 0) + number[-2:]
