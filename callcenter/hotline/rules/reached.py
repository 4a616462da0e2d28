"""What Dial() said of whoever was called, as one word: a cause of Q.850 tells more than the status does."""

_DIALLED = {
    "ANSWER": "answered",
    "BUSY": "busy",
    "NOANSWER": "no_answer",
    "CANCEL": "cancelled",
    "EXPIRED": "expired",
    "NOLINE": "no_line",
}
_CAUSES = {
    "1": "wrong_number",
    "28": "wrong_number",
    "17": "busy",
    "21": "refused",
    "18": "no_answer",
    "19": "no_answer",
}


def reached(status: str, cause: str = "") -> str:
    """Return the result of a dial from DIALSTATUS and HANGUPCAUSE; `failed` for what is neither's."""
    return _DIALLED.get(status) or _CAUSES.get(cause, "failed")
