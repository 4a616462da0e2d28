"""One conversation with Asterisk over AGI: the header it opens with, then one command and one answer at a time.

Source: Asterisk documentation, "Asterisk Gateway Interface (AGI)"; what differs from it was tried on 22.10.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

#: Asterisk reads a command into a buffer of 2,048 bytes and takes what is over for another command.
COMMAND_BYTES = 2000
#: Longest line we read; a caller ID of 10,000 characters of four bytes fits.
LINE_BYTES = 48 * 1024
HEADER_BYTES = 128 * 1024
USAGE_LINES = 200
#: The parenthesis may hold anything, parentheses too (it is the value of a channel variable).
_ANSWER = re.compile(r"(?P<code>\d{3})(?: result=(?P<result>\S*)(?: \((?P<data>.*)\))?(?: endpos=\d+)?)?(?P<text>.*)")


class AgiError(Exception):
    """Asterisk refused a command, or the conversation broke down: no further command is possible after the latter."""


class AgiHangup(AgiError):
    """The caller hung up, or Asterisk closed the conversation."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What Asterisk said to a command: `200 result=<result> (<data>)`."""

    code: int
    result: str
    data: str
    text: str


def quote(argument: str) -> str:
    r"""Return `argument` as AGI reads it back: in quotation marks, `"` and `\` escaped.

    Raises ValueError for what would end the line.
    """
    if found := re.search(r"[\r\n\0]", argument):
        raise ValueError(f"an AGI argument may not contain {found.group()!r}")
    return '"' + argument.replace("\\", "\\\\").replace('"', '\\"') + '"'


def parse_answer(line: str) -> Answer | None:
    """Read the answer's line; None when it is none."""
    if (match := _ANSWER.fullmatch(line)) is None:
        return None
    return Answer(int(match["code"]), match["result"] or "", match["data"] or "", match["text"].strip())


def decode(line: bytes) -> str:
    """Return the line as text without its end; bytes that are not UTF-8 become U+FFFD."""
    return line.decode("utf-8", errors="replace").rstrip("\r\n")


async def read_header(reader: asyncio.StreamReader) -> dict[str, str]:
    """Read `agi_*: value` lines up to the empty one.

    The first of two lines with one name counts: Asterisk writes the caller's own words late in the header, so a
    newline in them cannot change which question is asked. Raises AgiHangup at the end of the stream, AgiError
    for what is no header or too long for one.
    """
    header: dict[str, str] = {}
    left = HEADER_BYTES
    while True:
        try:
            raw = await reader.readline()
        except ValueError as error:
            raise AgiError(f"a header line is longer than {LINE_BYTES} bytes") from error
        if not raw.endswith(b"\n"):
            raise AgiHangup("closed within the header" if raw or header else "closed without a word")
        line = decode(raw)
        if not line:
            break
        name, colon, value = line.partition(":")
        left -= len(raw)
        if left < 0 or not colon or (not header and not name.startswith("agi_")):
            raise AgiError("not an AGI header" if left >= 0 else f"the header is longer than {HEADER_BYTES} bytes")
        header.setdefault(name, value.strip())
    if "agi_channel" not in header:
        raise AgiError("a header without a channel")
    return header


class AgiRequest:
    """A question from the dialplan: what it says, and the commands with which to answer it.

    Every command raises AgiHangup when the caller is gone, AgiError when Asterisk refuses or the conversation broke
    down, ValueError when an argument cannot be sent. Commands of one request wait for one another.
    """

    def __init__(
        self, variables: Mapping[str, str], writer: asyncio.StreamWriter, *, answer_seconds: float, think_seconds: float
    ) -> None:
        #: The `agi_*` lines.
        self.variables = variables
        script = urlsplit(variables.get("agi_network_script") or variables.get("agi_request", ""))
        #: Which question: `arrival` in `agi://host:port/arrival?x=1`.
        self.route = script.path.strip("/")
        #: What stands after the `?`; the last of two with one name counts.
        self.query = dict(parse_qsl(script.query, keep_blank_values=True, errors="replace"))
        #: The further arguments of `AGI()`, in order.
        self.args = tuple(
            variables[name] for name in (f"agi_arg_{number}" for number in range(1, 129)) if name in variables
        )
        #: Set once the caller has hung up or Asterisk has closed the conversation.
        self.hung_up = asyncio.Event()
        #: Runs out when the route leaves the caller in silence for too long between two commands.
        self.silence = asyncio.timeout(think_seconds)
        self._writer = writer
        self._answer_seconds = answer_seconds
        self._think_seconds = think_seconds
        self._turn = asyncio.Lock()
        self._answer: asyncio.Future[Answer] | None = None
        self._broken: AgiError | None = None

    @property
    def caller(self) -> str:
        """The number as Asterisk has it, empty when withheld: hostile input unless the dialplan filtered it."""
        number = self.variables.get("agi_callerid", "")
        return "" if number == "unknown" else number

    async def set_variable(self, name: str, value: str) -> None:
        """Set a channel variable (or write a dialplan function)."""
        await self.command("SET VARIABLE", name, value)

    async def get_variable(self, name: str) -> str | None:
        """Return a channel variable's value, or None when it is not set; Asterisk cuts it after 1,023 bytes."""
        answer = await self.command("GET VARIABLE", name)
        return answer.data if answer.result == "1" else None

    async def answer(self) -> None:
        """Answer the call if it is not answered yet."""
        self._done(await self.command("ANSWER"))

    async def hang_up(self) -> None:
        """Hang up the channel."""
        await self.command("HANGUP")

    async def stream_file(self, name: str, escape_digits: str = "", *, timeout: float = 120.0) -> str:  # noqa: ASYNC109
        """Play a sound file (no extension); returns the key that cut it short, or an empty text.

        `timeout` in seconds must be longer than the file.
        """
        answer = await self.command("STREAM FILE", name, escape_digits, timeout=timeout)
        return _key(await self._played(answer))

    async def say_digits(self, digits: str, escape_digits: str = "", *, timeout: float = 60.0) -> str:  # noqa: ASYNC109
        """Say digits one by one; returns the key that cut it short, or an empty text."""
        return _key(await self._played(await self.command("SAY DIGITS", digits, escape_digits, timeout=timeout)))

    async def say_number(self, number: int, escape_digits: str = "", *, timeout: float = 60.0) -> str:  # noqa: ASYNC109
        """Say a number; returns the key that cut it short, or an empty text."""
        return _key(await self._played(await self.command("SAY NUMBER", str(number), escape_digits, timeout=timeout)))

    async def wait_for_digit(self, seconds: float) -> str:
        """Return the key that the caller presses within `seconds`, or an empty text."""
        answer = await self.command("WAIT FOR DIGIT", str(round(seconds * 1000)), timeout=seconds + 5)
        return _key(await self._played(answer))

    async def get_data(self, name: str, *, seconds: float, digits: int, timeout: float = 120.0) -> str:  # noqa: ASYNC109
        """Play a sound file and return up to `digits` keys; `seconds` of silence or `#` end the input.

        `timeout` in seconds must be longer than file and keying together.
        """
        answer = await self.command("GET DATA", name, str(round(seconds * 1000)), str(digits), timeout=timeout)
        return (await self._played(answer)).result

    async def execute(self, application: str, options: str = "", *, timeout: float = 60.0) -> str:  # noqa: ASYNC109
        """Run a dialplan application; returns its result. The application reads `options`: never a caller's words."""
        answer = await self.command("EXEC", application, options, timeout=timeout)
        if answer.result == "-2":
            raise AgiError(f"no application {application}")
        return (await self._played(answer)).result

    async def command(self, verb: str, *arguments: str, timeout: float | None = None) -> Answer:  # noqa: ASYNC109
        """Send a command and return its answer; `timeout` in seconds, the server's default when None."""
        line = f"{verb} {' '.join(map(quote, arguments))}".rstrip().encode("utf-8", errors="replace") + b"\n"
        if len(line) > COMMAND_BYTES:
            raise ValueError(f"an AGI command may not be longer than {COMMAND_BYTES} bytes")
        async with self._turn:
            if self._broken is not None:
                raise self._broken
            self._answer = asyncio.get_running_loop().create_future()
            self._rest(None)
            try:
                async with asyncio.timeout(self._answer_seconds if timeout is None else timeout):
                    self._writer.write(line)
                    await self._writer.drain()
                    answer = await self._answer
            except TimeoutError:
                # An answer that came later would belong to no question: nothing more may be asked.
                self._break(AgiError(f"no answer to {verb} in time"))
                raise self._broken or AgiError(verb) from None
            except OSError as error:
                self.hung_up.set()
                self._break(AgiHangup("the connection broke"))
                raise self._broken or AgiHangup(verb) from error
            except asyncio.CancelledError:
                self._break(AgiError(f"{verb} was abandoned before its answer"))
                raise
            finally:
                self._answer = None
                self._rest(self._think_seconds)
        if answer.code != 200:  # noqa: PLR2004  # the protocol's own "done"
            raise AgiError(f"{verb}: {answer.code} {answer.text}")
        return answer

    async def listen(self, reader: asyncio.StreamReader) -> None:
        """Read what Asterisk says until it closes; the server runs this beside the route."""
        try:
            while (raw := await reader.readline()).endswith(b"\n"):
                if (line := decode(raw)) == "HANGUP":
                    self.hung_up.set()
                    self._break(AgiHangup("the caller hung up"))
                elif line.startswith("520-"):
                    self._take(await self._usage(reader, line))
                elif (answer := parse_answer(line)) is None:
                    self._break(AgiError("a line that is no answer"))
                elif answer.code >= 200:  # noqa: PLR2004  # 1xx says that the answer is yet to come
                    self._take(answer)
            self.hung_up.set()
            self._break(AgiHangup("Asterisk closed the conversation"))
        except ValueError:
            self._break(AgiError(f"a line longer than {LINE_BYTES} bytes"))
        except OSError:
            self.hung_up.set()
            self._break(AgiHangup("the connection broke"))

    async def _usage(self, reader: asyncio.StreamReader, first: str) -> Answer:
        """Read the rest of a `520-` block, which explains a command over several lines."""
        for _ in range(USAGE_LINES):
            line = decode(raw := await reader.readline())
            if line.startswith("520 ") or not raw:
                break
        return Answer(520, "", "", first.removeprefix("520-").strip())

    def _take(self, answer: Answer) -> None:
        if self._answer is None or self._answer.done():
            # A newline in the caller's words can look like an answer; so nothing that was not asked for is believed.
            self._break(AgiError("an answer that was not asked for"))
        else:
            self._answer.set_result(answer)

    def _break(self, error: AgiError) -> None:
        self._broken = self._broken or error
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)

    def _rest(self, seconds: float | None) -> None:
        """Start (or stop, with None) counting the silence that the route leaves the caller in."""
        try:
            self.silence.reschedule(None if seconds is None else asyncio.get_running_loop().time() + seconds)
        except RuntimeError:
            return  # already over: the request is being dropped

    async def _played(self, answer: Answer) -> Answer:
        """Return the answer unless it says that the channel failed; news of a hangup follows it within milliseconds."""
        if answer.result == "-1":
            try:
                await asyncio.wait_for(self.hung_up.wait(), 0.3)
            except TimeoutError:
                self._done(answer)
            raise AgiHangup("the caller hung up")
        return answer

    @staticmethod
    def _done(answer: Answer) -> None:
        if answer.result == "-1":
            raise AgiError(f"the channel failed: {answer.text or answer.data or answer.result}")


def _key(answer: Answer) -> str:
    """Return the key whose ASCII code the answer carries, or an empty text."""
    return chr(int(answer.result)) if answer.result.isdecimal() and 0 < int(answer.result) < 128 else ""  # noqa: PLR2004
