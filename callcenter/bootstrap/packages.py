"""System packages: which are missing, and getting them with apt as root or through sudo."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from callcenter.bootstrap.console import Console, SetupError

#: Runs as a program: set-up stands below everything that it sets up.
ASTERISK_INSTALLER = "callcenter.asterisk.install"


class Purpose(IntEnum):
    """What the checkout is set up for; each includes the ones before it."""

    RUN = 0
    DEMO = 1
    TEST = 2


@dataclass(frozen=True)
class Need:
    """A package, and how to tell without asking the package manager that what it brings is there."""

    package: str
    present: Callable[[], bool]
    purpose: Purpose = Purpose.RUN


def missing(purpose: Purpose, root: Path) -> list[str]:
    """Return the packages that are missing for `purpose`."""
    return [need.package for need in _needs(root) if need.purpose <= purpose and not need.present()]


def ensure(purpose: Purpose, root: Path, console: Console) -> None:
    """Install what is missing. Raises SetupError, with the exact command, where there is neither root nor sudo."""
    wanted = missing(purpose, root)
    if not wanted:
        return
    prefix = _privilege(wanted)
    with console.step(f"system packages: {', '.join(wanted)}"):
        # Another apt, such as a new machine's own first update, may hold the lock for a minute.
        apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=180"]
        try:
            console.run("apt-get update", [*apt, "update"])
        except SetupError as error:
            console.say(f"  {error}\n  going on with the package lists that are here")
        with _no_system_cluster(prefix, wanted, console):
            # Some builds of nodejs bring npm and refuse the package of that name: see first, and ask afterwards.
            first = [package for package in wanted if not (package == "npm" and "nodejs" in wanted)]
            console.run("apt-get install", [*apt, "install", "-y", "--no-install-recommends", *first])
            if "npm" in wanted and shutil.which("npm") is None:
                console.run("apt-get install npm", [*apt, "install", "-y", "--no-install-recommends", "npm"])
    if still := missing(purpose, root):
        raise SetupError(f"apt-get said it succeeded, and yet these do nothing here: {', '.join(still)}")


def distribution() -> str:
    """Return the ID in os-release: `debian`, `ubuntu`, ... or nothing."""
    try:
        lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.removeprefix("ID=").strip('"') for line in lines if line.startswith("ID=")), "")


def has_asterisk(root: Path) -> bool:
    """Tell whether the system or the checkout has an Asterisk that the hotline can use."""
    command = [sys.executable, "-m", ASTERISK_INSTALLER, "--find"]
    return subprocess.run(command, cwd=root, capture_output=True, check=False).returncode == 0  # noqa: S603


def _needs(root: Path) -> Iterable[Need]:
    yield Need("python3-venv", lambda: importlib.util.find_spec("ensurepip") is not None)
    if not has_asterisk(root):
        yield Need("mmdebstrap", _command("mmdebstrap"))
        yield Need("debian-archive-keyring", _file("/usr/share/keyrings", "debian-archive-keyring.*"))
    yield Need("nodejs", _command("node"))
    yield Need("npm", _command("npm"))
    yield Need("espeak-ng", _command("espeak-ng"))
    yield Need("sox", _command("sox"))
    yield Need("libsox-fmt-mp3", _file("/usr/lib", "*/sox/libsox_fmt_mp3.so"))
    yield Need("procps", _command("ps"))
    yield Need("util-linux", _command("setpriv"))
    yield Need("sip-tester", _command("sipp"), Purpose.DEMO)
    yield Need("make", _command("make"), Purpose.TEST)
    yield Need("postgresql", _file("/usr/lib/postgresql", "*/bin/initdb"), Purpose.TEST)
    yield Need("fonts-noto-cjk", _file("/usr/share/fonts", "opentype/noto/NotoSansCJK*"), Purpose.TEST)
    # What drives the browser in the tests is a Node.js of its own, linked against it.
    yield Need("libatomic1", _file("/usr/lib", "*/libatomic.so.1"), Purpose.TEST)
    if distribution() != "ubuntu":
        # Ubuntu's package only fetches a snap: Playwright brings the browser there (steps.py).
        yield Need("chromium", _command("chromium"), Purpose.TEST)


def _command(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name) is not None


def _file(folder: str, pattern: str) -> Callable[[], bool]:
    return lambda: any(Path(folder).glob(pattern))


def _privilege(wanted: list[str]) -> list[str]:
    """Return what to put before apt-get."""
    command = f"apt-get install --no-install-recommends {' '.join(wanted)}"
    if shutil.which("apt-get") is None:
        raise SetupError(f"this is neither Debian nor Ubuntu; install the like of these by hand: {', '.join(wanted)}")
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo"):
        asked = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)  # noqa: S607
        if asked.returncode == 0:
            return ["sudo", "-n"]
        if sys.stdin.isatty():
            return ["sudo"]
    raise SetupError(f"system packages are missing; as root, run:\n  {command}")


class _no_system_cluster:  # noqa: N801  # reads as what it promises
    """While it lasts, Debian's PostgreSQL packages make no database cluster of the system's own.

    The tests start their own server; a system's one would only take the port and the memory. An existing
    installation is left as it is.
    """

    _FOLDER = Path("/etc/postgresql-common/createcluster.d")

    def __init__(self, prefix: list[str], wanted: list[str], console: Console) -> None:
        self._prefix = prefix
        self._needed = "postgresql" in wanted
        self._console = console
        self._file = self._FOLDER / "callcenter-setup.conf"

    def __enter__(self) -> None:
        if self._needed:
            script = 'mkdir -p "$1" && echo "create_main_cluster = false" > "$2"'
            self._console.run("postgresql", [*self._prefix, "sh", "-c", script, "sh", self._FOLDER, self._file])

    def __exit__(self, *_error: object) -> None:
        if self._needed:
            self._console.run("postgresql", [*self._prefix, "rm", "-f", self._file])
