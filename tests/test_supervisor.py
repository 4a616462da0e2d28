"""The supervisor on small real programs: what dies comes back, what hangs is ended, and nothing outlives it."""

import os
import signal
import socket
import sys
import time
from pathlib import Path

import psutil
from small_disk import MEBIBYTE, fill, free, small_disk
from supervised import supervised, until

from callcenter.notify import NotifyReceiver
from callcenter.settings import load
from callcenter.supervisor import ports_in_use, refusal
from callcenter.supervisor.logs import turn_over
from callcenter.supervisor.program import PROBE_FAILURES

#: Writes its pid, then lives.
STEADY = "import os, pathlib, sys, time; pathlib.Path(sys.argv[1]).write_text(str(os.getpid())); time.sleep(600)"
#: As the controller does: says READY, shows that it lives; on SIGUSR1 it hangs, deaf to everything but SIGKILL.
NOTIFYING = """
import os, pathlib, signal, sys, time
from callcenter.notify import Notifier
notifier = Notifier()
pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
def hang(*_):
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    time.sleep(600)
signal.signal(signal.SIGUSR1, hang)
notifier.status("one-time password: open-sesame")
notifier.ready()
while True:
    notifier.watchdog()
    time.sleep(0.1)
"""


def python(name: str, code: str, pid_file: Path, **more: object) -> dict[str, object]:
    return {"name": name, "command": [sys.executable, "-c", code, str(pid_file)], **more}


async def pid_in(file: Path, other_than: int = 0) -> int:
    """Wait until a program has written its pid, another one than before."""

    def pid() -> int:
        text = file.read_text() if file.exists() else ""
        return int(text) if text else 0

    await until(lambda: pid() not in (0, other_than))
    return pid()


async def gone(*pids: int) -> None:
    """Wait until none of the processes runs any more."""

    def runs(pid: int) -> bool:
        try:
            return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    await until(lambda: not any(map(runs, pids)))


async def test_starts_programs_in_order_and_says_when_all_are_ready(tmp_path: Path) -> None:
    programs = [
        python("asterisk", STEADY, tmp_path / "a"),
        python("controller", NOTIFYING, tmp_path / "c", notify=True, watchdog_seconds=2.5),
    ]
    async with supervised(tmp_path / "data", *programs) as hotline:
        assert "http://127.0.0.1:10080/" in await hotline.says("ready after")
        assert hotline.lines.index("asterisk: starting") < hotline.lines.index("controller: starting")
        assert "one-time password: open-sesame" in hotline.lines


async def test_what_dies_is_started_again(tmp_path: Path) -> None:
    async with supervised(tmp_path / "data", python("asterisk", STEADY, tmp_path / "a")) as hotline:
        first = await pid_in(tmp_path / "a")
        os.kill(first, signal.SIGKILL)
        assert "SIGKILL" in await hotline.says("asterisk: died")
        killed_at = time.monotonic()
        second = await pid_in(tmp_path / "a", other_than=first)
        assert time.monotonic() - killed_at < 2
        assert psutil.pid_exists(second)


async def test_deaths_in_a_row_are_answered_more_and_more_slowly(tmp_path: Path) -> None:
    dying = {"name": "controller", "command": ["false"]}
    async with supervised(tmp_path / "data", dying) as hotline:
        await hotline.says("restarting in 0.2 s")
        await hotline.says("restarting in 0.4 s")
        assert "status 1" in await hotline.says("restarting in 0.8 s")


async def test_a_program_that_cannot_be_started_does_not_end_the_others(tmp_path: Path) -> None:
    missing = {"name": "controller", "command": [str(tmp_path / "nothing-here")]}
    async with supervised(tmp_path / "data", python("asterisk", STEADY, tmp_path / "a"), missing) as hotline:
        await hotline.says("controller: ", times=3)
        assert psutil.pid_exists(await pid_in(tmp_path / "a"))


async def test_a_hung_program_is_killed_and_started_again(tmp_path: Path) -> None:
    program = python("controller", NOTIFYING, tmp_path / "c", notify=True, watchdog_seconds=1.0)
    async with supervised(tmp_path / "data", program) as hotline:
        await hotline.says("controller: ready")
        first = await pid_in(tmp_path / "c")
        os.kill(first, signal.SIGUSR1)
        began = time.monotonic()
        assert "silent" in await hotline.says("controller: hung")
        assert 0.9 < time.monotonic() - began < 2.0
        await hotline.says("controller: ready", times=2)
        await gone(first)


async def test_a_stopped_program_is_killed_and_started_again(tmp_path: Path) -> None:
    program = python("controller", NOTIFYING, tmp_path / "c", notify=True, watchdog_seconds=1.0)
    async with supervised(tmp_path / "data", program) as hotline:
        await hotline.says("controller: ready")
        os.kill(await pid_in(tmp_path / "c"), signal.SIGSTOP)
        await hotline.says("controller: ready", times=2)


async def test_a_program_that_is_deaf_to_questions_is_killed_within_ten_seconds(tmp_path: Path) -> None:
    deaf = tmp_path / "deaf"
    program = python("asterisk", STEADY, tmp_path / "a", deaf_file=str(deaf))
    async with supervised(tmp_path / "data", program) as hotline:
        await hotline.says("asterisk: ready")
        deaf.touch()
        began = time.monotonic()
        assert "deaf" in await hotline.says("asterisk: hung")
        assert time.monotonic() - began < 10
        deaf.unlink()
        await hotline.says("asterisk: ready", times=2)


async def test_a_program_that_answers_in_part_is_not_killed_for_being_busy(tmp_path: Path) -> None:
    deaf = tmp_path / "deaf"
    async with supervised(
        tmp_path / "data", python("asterisk", STEADY, tmp_path / "a", deaf_file=str(deaf))
    ) as hotline:
        await hotline.says("asterisk: ready")
        deaf.write_text("partly")
        await until(lambda: deaf.read_text().count("?") > PROBE_FAILURES + 1, seconds=15)
        assert not [line for line in hotline.lines if "hung" in line]


async def test_a_stop_leaves_no_process_and_takes_less_than_five_seconds(tmp_path: Path) -> None:
    """The program and its child are deaf to SIGTERM: the worst there is."""
    stubborn = {
        "name": "asterisk",
        "command": ["sh", "-c", f"trap '' TERM; sleep 600 & echo $! > {tmp_path}/child; wait; sleep 600"],
    }
    hung = python("controller", NOTIFYING, tmp_path / "c", notify=True, watchdog_seconds=60.0)
    async with supervised(tmp_path / "data", stubborn, hung) as hotline:
        await hotline.says("ready after")
        child, controller = await pid_in(tmp_path / "child"), await pid_in(tmp_path / "c")
        os.kill(controller, signal.SIGUSR1)
        family = psutil.Process(hotline.process.pid).children(recursive=True)
        assert len(family) >= 3
        began = time.monotonic()
        hotline.process.send_signal(signal.SIGINT)
        assert await hotline.ends() == 0
        assert time.monotonic() - began < 5
        await gone(child, controller, *(process.pid for process in family))


async def test_programs_are_stopped_in_reverse_order(tmp_path: Path) -> None:
    order = tmp_path / "order"
    programs = [
        {
            "name": name,
            "command": [
                *("sh", "-c"),
                f"trap 'echo {name} >> {order}; exit' TERM; echo $$ > {tmp_path}/{name}; while :; do sleep .05; done",
            ],
        }
        for name in ("asterisk", "controller")
    ]
    async with supervised(tmp_path / "data", *programs) as hotline:
        await hotline.says("ready after")
        await pid_in(tmp_path / "asterisk")
        await pid_in(tmp_path / "controller")
    assert order.read_text().split() == ["controller", "asterisk"]


async def test_a_killed_supervisor_leaves_no_process(tmp_path: Path) -> None:
    program = {"name": "asterisk", "command": ["sh", "-c", f"sleep 600 & echo $! > {tmp_path}/child; wait"]}
    async with supervised(tmp_path / "data", program) as hotline:
        child = await pid_in(tmp_path / "child")
        family = psutil.Process(hotline.process.pid).children(recursive=True)
        hotline.process.kill()
        await gone(child, *(process.pid for process in family))


async def test_a_second_start_is_refused_and_told_who_holds_the_data_folder(tmp_path: Path) -> None:
    program = python("asterisk", STEADY, tmp_path / "a")
    async with supervised(tmp_path / "data", program) as first:
        await first.says("ready after")
        async with supervised(tmp_path / "data", program) as second:
            assert await second.ends() == 1
            assert len(second.lines) == 1
            assert f"process {first.process.pid} (" in second.lines[0]
            assert "supervised.py" in second.lines[0]
    async with supervised(tmp_path / "data", program) as third:
        await third.says("ready after")


async def test_who_holds_the_data_folder_can_be_asked_before_anything_is_prepared(tmp_path: Path) -> None:
    settings = load(data=tmp_path / "data")
    assert refusal(settings, ["asterisk", "controller"]) is None
    async with supervised(tmp_path / "data", python("asterisk", STEADY, tmp_path / "a")) as hotline:
        await hotline.says("ready after")
        assert f"process {hotline.process.pid} (" in str(refusal(settings, ["asterisk", "controller"]))
        assert refusal(settings, ["controller"]) is None


async def test_a_gone_console_ends_nothing(tmp_path: Path) -> None:
    program = python("asterisk", STEADY, tmp_path / "a")
    async with supervised(tmp_path / "data", program) as hotline:
        await hotline.says("ready after")
        hotline.close_console()
        first = await pid_in(tmp_path / "a")
        os.kill(first, signal.SIGKILL)
        await pid_in(tmp_path / "a", other_than=first)


async def test_only_one_program_is_kept_when_systemd_keeps_the_other(tmp_path: Path) -> None:
    programs = [python("asterisk", STEADY, tmp_path / "a"), python("controller", STEADY, tmp_path / "c")]
    async with supervised(tmp_path / "data", *programs, only="asterisk") as first:
        await first.says("ready after")
        async with supervised(tmp_path / "data", *programs, only="controller") as second:
            await second.says("ready after")
        assert not [line for line in first.lines if "controller" in line]


async def test_faults_of_the_configuration_end_the_first_start_one_line_each(tmp_path: Path) -> None:
    program = python("asterisk", STEADY, tmp_path / "a", unprepared=True)
    async with supervised(tmp_path / "data", program) as hotline:
        assert await hotline.ends() == 1
        assert hotline.lines[-2:] == ["callcenter: asterisk: first fault", "callcenter: asterisk: second fault"]


async def test_a_taken_port_is_named_with_its_holder(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sip, socket.create_server(("127.0.0.1", 6613)):
        sip.bind(("127.0.0.1", 7100))
        async with supervised(
            tmp_path / "data", python("asterisk", STEADY, tmp_path / "a"), port_offset=2040
        ) as hotline:
            assert await hotline.ends() == 2
    assert [line.split(",")[0] for line in hotline.lines] == [
        "callcenter: port 7100/udp on 127.0.0.1",
        "callcenter: port 6613/tcp on 127.0.0.1",
    ]
    assert all(f"process {os.getpid()} (" in line for line in hotline.lines)
    assert not (tmp_path / "a").exists()


async def test_ports_of_a_server_that_ended_a_moment_ago_are_free(tmp_path: Path) -> None:
    settings = load(data=tmp_path, port_offset=2041)
    address = ("127.0.0.1", settings.panel_port)
    with socket.create_server(address) as server, socket.create_connection(address):
        server.accept()[0].close()  # closes first, and so stays in TIME_WAIT
    assert ports_in_use(settings) == []


async def test_systemd_hears_that_we_are_ready_and_alive_and_stopping(tmp_path: Path) -> None:
    heard: list[dict[str, str]] = []
    receiver = NotifyReceiver(tmp_path, "systemd", heard.append)
    env = {"NOTIFY_SOCKET": receiver.address}
    program = python("controller", NOTIFYING, tmp_path / "c", notify=True, watchdog_seconds=2.5)
    async with supervised(tmp_path / "data", program, env=env) as hotline:
        await hotline.says("ready after")
        await until(lambda: {"READY": "1"} in heard and {"WATCHDOG": "1"} in heard)
    await until(lambda: heard[-1] == {"STOPPING": "1"})
    receiver.close()


def test_a_log_is_turned_over_in_place(tmp_path: Path) -> None:
    log = tmp_path / "program.log"
    with log.open("ab", buffering=0) as program:
        program.write(b"x" * 100)
        turn_over(log, 200)
        assert log.stat().st_size == 100
        turn_over(log, 50)
        program.write(b"after")
    assert log.read_bytes() == b"after"
    assert (tmp_path / "program.log.1").read_bytes() == b"x" * 100


def test_a_log_on_a_full_disk_is_emptied_without_a_copy(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 4) as disk:
        log = disk / "program.log"
        log.write_bytes(b"x" * MEBIBYTE)
        fill(disk, 0)
        turn_over(log, 1000)
        assert log.stat().st_size == 0
        assert not (disk / "program.log.1").exists()
        assert free(disk) >= MEBIBYTE
