"""Sees to it that no process outlives the supervisor, even one that was killed without warning.

Run as a program it reads session ids from its stdin (`+123` begun, `-123` over) until that ends, which happens however
the supervisor ended; then it kills whatever those sessions still hold: our children and the children of theirs.
Only the standard library, so that it starts in milliseconds.
"""

import os
import signal
import sys
import time


def members(session: int) -> list[int]:
    """Return the pids of a session's processes, zombies left out."""
    found = []
    for name in os.listdir("/proc"):  # noqa: PTH208  # pathlib would double the janitor's memory
        if not name.isdecimal():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123
                # proc(5): pid (comm) state ppid pgrp session; comm may hold spaces and parentheses.
                state, _, _, sid = file.read().rpartition(b")")[2].split()[:4]
        except OSError:
            continue
        if int(sid) == session and state != b"Z":
            found.append(int(name))
    return found


def kill_session(session: int, rounds: int = 20) -> int:
    """Kill every process of a session until none is left (one may fork meanwhile); returns how many were seen."""
    seen = set()
    for _ in range(rounds):
        pids = members(session)
        if not pids:
            break
        seen.update(pids)
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                continue
        time.sleep(0.005)
    return len(seen)


def main() -> int:
    """Follow stdin; at its end kill what is left."""
    sessions: set[int] = set()
    for line in sys.stdin:
        number = int(line[1:])
        if line[0] == "+":
            sessions.add(number)
        else:
            sessions.discard(number)
    for session in sessions:
        kill_session(session)
    return 0


if __name__ == "__main__":
    sys.exit(main())
