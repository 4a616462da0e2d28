"""How a view or a flow refuses: one exception, told to whoever asks by `errors.told`."""

from collections.abc import Mapping


class Problem(Exception):
    """Refuse a request: `Problem(409, N_("The seat is taken."), fields={"seat": N_("taken by another agent")})`.

    `message` and the values of `fields` are English sentences, marked N_ where the front end shows them: they reach
    the person in their own language. `headers` go with the answer.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.fields = dict(fields or {})
        self.headers = dict(headers or {})
