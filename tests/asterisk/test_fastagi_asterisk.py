"""The FastAGI server asked by a real Asterisk: values come back as sent, and a stuck question stalls no other."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from trial import Trial, trial

from callcenter.asterisk.agi import AgiError, AgiHangup, AgiRequest
from callcenter.asterisk.fastagi import FastAgiServer

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

PORT = 7173
DIALPLAN = f"""
exten => _q-.,1,Answer()
 same => n,AGI(agi://127.0.0.1:{PORT}/${{EXTEN:2}}?n=1,first,second argument)
 same => n,Set(status=${{AGISTATUS}})
 same => n,Set(CALLERID(name)=)
 same => n,AGI(agi://127.0.0.1:{PORT}/report,${{status}},${{ANSWER}})
 same => n,Hangup()
exten => newline,1,Set(CALLERID(name)=${{URIDECODE(x%0A%0A200 result=1 (evil)%0A)}})
 same => n,Goto(q-read,1)
exten => hangup,1,Answer()
 same => n,Set(CHANNEL(hangup_handler_push)=trial,gone,1)
 same => n,Set(TIMEOUT(absolute)=1)
 same => n,Goto(q-play,1)
exten => gone,1,Return()
exten => T,1,Hangup()
"""
#: Everything that has a meaning to AGI, to the dialplan, or to nobody.
HOSTILE = 'quote " backslash \\ dollar ${EPOCH} $[1+1] comma, semicolon; paren ) (x) 张 \U0001f600 tab\tend '


class Questions:
    """The routes that the tests ask, and what the dialplan reported afterwards."""

    def __init__(self) -> None:
        self.reports: asyncio.Queue[tuple[str, ...]] = asyncio.Queue()
        self.seen: asyncio.Queue[Any] = asyncio.Queue()
        self.stuck = asyncio.Event()

    async def report(self, request: AgiRequest) -> None:
        self.reports.put_nowait(request.args)

    async def set(self, request: AgiRequest) -> None:
        await request.set_variable("ANSWER", HOSTILE)
        self.seen.put_nowait((request.query, request.args, await request.get_variable("ANSWER")))

    async def read(self, request: AgiRequest) -> None:
        self.seen.put_nowait((await request.get_variable("NEVER_SET"), request.variables["agi_calleridname"]))

    async def wrong(self, request: AgiRequest) -> None:
        errors = []
        for verb, arguments in (("SET VARIABLE", ()), ("NO SUCH", ()), ("STREAM FILE", ("no/such/file", ""))):
            try:
                await request.command(verb, *arguments)
            except AgiError as error:
                errors.append(str(error))
        await request.set_variable("ANSWER", "still here")
        self.seen.put_nowait(errors)

    async def play(self, request: AgiRequest) -> None:
        began = time.monotonic()
        try:
            await request.stream_file("tone")
        except AgiHangup as hangup:
            self.seen.put_nowait((type(hangup), time.monotonic() - began))

    async def speak(self, request: AgiRequest) -> None:
        said = await request.say_digits("2026")
        silence = await request.wait_for_digit(0.1)
        data = await request.get_data("digits/1", seconds=0.2, digits=4)
        await request.execute("Set", "ANSWER=executed")
        with pytest.raises(AgiError, match="no application"):
            await request.execute("NoSuchApplication")
        self.seen.put_nowait((said, silence, data))

    async def longest(self, request: AgiRequest) -> None:
        await request.set_variable("ANSWER", "x" * 1900)
        self.seen.put_nowait(len(await request.get_variable("ANSWER") or ""))

    async def hang(self, _: AgiRequest) -> None:
        self.stuck.set()
        await asyncio.sleep(60)

    async def quick(self, request: AgiRequest) -> None:
        await request.set_variable("ANSWER", "known")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def questions() -> AsyncIterator[Questions]:
    routes = Questions()
    names = ("report", "set", "read", "wrong", "play", "speak", "longest", "hang", "quick")
    server = FastAgiServer("127.0.0.1", PORT, {name: getattr(routes, name) for name in names})
    await server.start()
    yield routes
    await server.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asterisk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Trial]:
    folder: Path = tmp_path_factory.mktemp("ast")
    async with trial(folder, DIALPLAN) as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_left_of_another_test(questions: Questions) -> None:
    questions.reports, questions.seen = asyncio.Queue(), asyncio.Queue()


async def soon(queue: asyncio.Queue[Any], seconds: float = 10) -> Any:  # noqa: ANN401  # whatever was put
    async with asyncio.timeout(seconds):
        return await queue.get()


async def test_a_variable_comes_back_as_it_was_sent(asterisk: Trial, questions: Questions) -> None:
    await asterisk.call("q-set")
    query, arguments, value = await soon(questions.seen)
    assert value == HOSTILE
    assert query == {"n": "1"}
    assert arguments == ("first", "second argument")
    assert (await soon(questions.reports))[0] == "SUCCESS"


async def test_a_variable_that_is_not_set_is_none(asterisk: Trial, questions: Questions) -> None:
    await asterisk.call("q-read")
    assert (await soon(questions.seen))[0] is None
    await soon(questions.reports)


async def test_newlines_in_the_callers_name_do_not_answer_for_asterisk(asterisk: Trial, questions: Questions) -> None:
    """Asterisk writes them into the header as they are: it ends early, and goes on with what looks like an answer."""
    await asterisk.call("newline")
    await soon(questions.reports)
    assert questions.seen.empty()


async def test_refused_commands_leave_the_conversation_in_step(asterisk: Trial, questions: Questions) -> None:
    await asterisk.call("q-wrong")
    usage, unknown = await soon(questions.seen)
    assert usage.startswith("SET VARIABLE: 520")
    assert unknown.startswith("NO SUCH: 510")
    # What was set is set, though Asterisk calls a conversation a failure in which one command failed.
    assert await soon(questions.reports) == ("FAILURE", "still here")


async def test_a_hangup_in_the_middle_of_a_question_ends_it_at_once(asterisk: Trial, questions: Questions) -> None:
    await asterisk.call("hangup")
    kind, seconds = await soon(questions.seen)
    assert kind is AgiHangup
    assert seconds < 3  # of five seconds of sound


async def test_speech_keys_and_applications(asterisk: Trial, questions: Questions) -> None:
    await asterisk.call("q-speak")
    assert await soon(questions.seen) == ("", "", "")
    assert await soon(questions.reports) == ("SUCCESS", "executed")


async def test_the_longest_command_arrives_whole(asterisk: Trial, questions: Questions) -> None:
    await asterisk.call("q-longest")
    assert await soon(questions.seen) == 1023  # Asterisk cuts what GET VARIABLE returns
    assert (await soon(questions.reports))[1] == "x" * 1900


async def test_200_questions_are_answered_while_one_is_stuck(asterisk: Trial, questions: Questions) -> None:
    await asterisk.call("q-hang")
    async with asyncio.timeout(5):
        await questions.stuck.wait()
    stuck_since = time.monotonic()
    for _ in range(20):
        await asyncio.gather(*(asterisk.call("q-quick") for _ in range(10)))
    reports = [await soon(questions.reports) for _ in range(201)]
    assert reports.count(("SUCCESS", "known")) == 200
    # The stuck one was cut off after two seconds, with the dialplan going on by itself; that too is a success to it.
    assert [report[0] for report in reports if report[-1] != "known"] == ["SUCCESS"]
    assert time.monotonic() - stuck_since < 60
