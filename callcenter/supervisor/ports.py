"""Which of the hotline's ports are taken, and by whom."""

import errno
import os
import socket
from pathlib import Path

from callcenter.settings import Settings

_LOOPBACK = "127.0.0.1"


def ports_in_use(settings: Settings, only: str | None = None) -> list[str]:
    """Return one line for each port that cannot be had: which, for what, and by whom it is taken if that is known.

    `only` looks at the ports of one program: `asterisk` or `controller`. Asterisk's speech ports are not looked at: it
    passes over those that are taken.
    """
    faults = []
    for program, kind, address, port, purpose in _wanted(settings):
        if only in (None, program) and (reason := _fault(kind, address, port)):
            faults.append(f"port {port}/{kind} on {address}, for {purpose}: {reason}")
    return faults


def _wanted(settings: Settings) -> list[tuple[str, str, str, int, str]]:
    return [
        ("asterisk", "udp", settings.bind, settings.sip_port, "SIP"),
        ("asterisk", "tcp", settings.bind, settings.sip_port, "SIP"),
        ("asterisk", "tcp", settings.bind, settings.sips_port, "SIP over TLS"),
        ("asterisk", "tcp", _LOOPBACK, settings.ami_port, "Asterisk's manager interface (AMI)"),
        ("asterisk", "tcp", _LOOPBACK, settings.http_port, "Asterisk's HTTP and WebSocket"),
        ("asterisk", "tcp", settings.bind, settings.https_port, "browser softphones (secure WebSocket)"),
        ("controller", "tcp", settings.bind, settings.panel_port, "the panel"),
        ("controller", "tcp", settings.bind, settings.https_panel_port, "the panel over HTTPS"),
        ("controller", "tcp", _LOOPBACK, settings.fastagi_port, "the dialplan's questions (FastAGI)"),
    ]


def _fault(kind: str, address: str, port: int) -> str | None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM) as trial:
        if kind == "tcp":
            # As every server does; else a connection that ended a minute ago would look like a holder.
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((address, port))
            if kind == "tcp":
                trial.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return f"in use by {holder(kind, port) or 'a program that this user may not see'}"
            return os.strerror(error.errno or 0)
    return None


def holder(kind: str, port: int) -> str | None:
    """Return who has the local port open, as `process PID (command)`; None when that cannot be seen."""
    inodes = {
        fields[9]
        for table in (kind, f"{kind}6")
        for fields in _table(Path("/proc/net") / table)
        # proc(5): local address, state; 0A is a listener, and UDP has no listeners.
        if int(fields[1].rpartition(":")[2], 16) == port and (kind == "udp" or fields[3] == "0A")
    }
    links = {f"socket:[{inode}]" for inode in inodes}
    for process in Path("/proc").iterdir() if links else ():
        if process.name.isdecimal() and _has_open(process, links):
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            return f"process {process.name} ({command[:200]})"
    return None


def _table(path: Path) -> list[list[str]]:
    try:
        return [line.split() for line in path.read_text(encoding="ascii").splitlines()[1:]]
    except OSError:
        return []  # a machine without IPv6


def _has_open(process: Path, links: set[str]) -> bool:
    try:
        return any(os.readlink(link) in links for link in (process / "fd").iterdir())  # noqa: PTH115  # no path
    except OSError:
        return False  # gone meanwhile, or another user's
