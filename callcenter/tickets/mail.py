"""Mail to member units through the SMTP server of the settings [mail].

A letter counts as sent once the server has accepted it. One whose fate is unknown, because the line broke after its
text and before the answer, is sent again: at least once is all that SMTP can promise. Its Message-ID stays the same.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY

import aiosmtplib

from callcenter.settings.requests import Mail
from callcenter.tickets.rules.letters import Letter
from callcenter.tickets.rules.reference import EMAIL

#: How long the server may take to answer one command.
PATIENCE_SECONDS = 20.0
_SUBJECT_LENGTH = 200


class MailAway(Exception):
    """The server cannot be used now; every letter waits."""


class LetterRefused(Exception):
    """The server, or we, will not take this letter; others may go."""


class Session:
    """A line to the server that takes one letter after the other."""

    def __init__(self, client: aiosmtplib.SMTP, sender: str) -> None:
        self._client = client
        self._sender = sender

    def must_live(self) -> None:
        """Raise MailAway when the server has hung up, whoever's letter that was for."""
        if not self._client.is_connected:
            raise MailAway("the server hung up")

    async def send(self, letter: Letter) -> None:
        """Return once the server has accepted `letter`; raises LetterRefused, or MailAway when the line is no good."""
        message = compose(letter, self._sender)
        try:
            await self._client.send_message(message)
        except (aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPResponseException) as error:
            # A server that hangs up on it (421) is found to be gone before the next letter.
            raise LetterRefused(_reason(error)) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MailAway(_reason(error)) from error


@asynccontextmanager
async def connected(settings: Mail) -> AsyncIterator[Session]:
    """Open a line to the server, signed in where the settings say so; raises MailAway."""
    client = aiosmtplib.SMTP(
        hostname=settings.host,
        port=settings.port,
        username=settings.username or None,
        password=settings.password or None,
        use_tls=settings.security == "tls",
        start_tls=settings.security == "starttls",
        timeout=PATIENCE_SECONDS,
    )
    try:
        await client.connect()
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        client.close()
        raise MailAway(_reason(error)) from error
    try:
        yield Session(client, settings.sender)
    finally:
        try:
            await client.quit()
        except (aiosmtplib.SMTPException, OSError):
            client.close()  # what had to be said was said


def compose(letter: Letter, sender: str) -> EmailMessage:
    """Return `letter` as it is sent; raises LetterRefused for an address or a subject that would be more than that."""
    for address in (letter.to, sender):
        if EMAIL.fullmatch(address) is None:
            raise LetterRefused(f"{address!r} is no address that mail goes to")
    message = EmailMessage(policy=SMTP_POLICY)
    try:
        message["From"] = Address("12345", addr_spec=sender)
        message["To"] = Address(addr_spec=letter.to)
        message["Subject"] = letter.subject[:_SUBJECT_LENGTH]
        message["Message-ID"] = f"<{letter.name}@{sender.partition('@')[2]}>"
    except ValueError as error:
        raise LetterRefused(f"a header that would be two: {error}") from error
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text, cte="base64")
    return message


def _reason(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
