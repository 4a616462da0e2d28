"""Getting Asterisk 22: a system's own where it is new enough, else a private copy below the checkout.

The private copy is Debian's own package with the libraries it was built against, unpacked side by side and run in
place through its own loader: no chroot, no root, nothing of the machine's changed. Standard library only, for set-up
runs it as a program before anything else is there: `python3 -m callcenter.asterisk.install [--find]`.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

#: The oldest release that writes the call history as the historian reads it.
OLDEST_MAJOR = 22
#: Where the private copy lies, below the checkout.
FOLDER = ".asterisk"
#: The Debian release whose Asterisk is copied; stable releases have none.
SUITE = "sid"
#: The public keys of Debian's archive; the package `debian-archive-keyring` brings them.
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

_ROOT = Path(__file__).resolve().parents[2]
#: A system's Asterisk without one of these was built for something else.
_NEEDED_MODULES = ("app_queue.so", "cel_custom.so", "chan_pjsip.so", "res_cdrel_custom.so")
#: Of the copy, what no call ever needs.
_UNUSED = ("usr/share/doc", "usr/share/info", "usr/share/locale", "usr/share/man", "usr/share/perl*", "usr/lib/*/perl*")
_VERSION = re.compile(r"^Asterisk (?:GIT-|certified[-/])?((\d+)\S*)")
#: What apt says of a mirror that has not been brought up to date for too long.
_PAST_ITS_DATE = re.compile(r"Release file .* (is expired|expired)|invalid since")
_TAIL_LINES = 12

Say = Callable[[str], None]


class InstallError(Exception):
    """Asterisk could not be got; says why in the words of the program that failed."""


@dataclass(frozen=True)
class Asterisk:
    """A program that can be started: `argv` and its arguments."""

    version: str
    argv: tuple[str, ...]
    #: For `astmoddir`.
    modules: Path
    #: Its read-only data; `documentation/` in it must be found below `astdatadir`, or PJSIP does not load.
    data: Path
    #: Added to the environment it is started with.
    env: dict[str, str] = field(default_factory=dict)


def find(root: Path = _ROOT) -> Asterisk | None:
    """Return the system's Asterisk if it is new enough and whole, else the private copy below `root`, else None."""
    return _system() or _private(root / FOLDER)


def ensure(root: Path = _ROOT, say: Say = print) -> Asterisk:
    """Return an Asterisk, after making the private copy below `root` if there is none. Raises InstallError.

    The copy appears under its name only when it is whole: a set-up that was interrupted leaves no half of it.
    """
    if found := find(root):
        return found
    prefix = root / FOLDER
    part = prefix.with_name(FOLDER + ".part")
    for stale in (part, prefix):
        shutil.rmtree(stale, ignore_errors=True)
    try:
        _copy(part, say)
        _trim(part)
        if _private(part) is None:
            raise InstallError(f"the copy of Asterisk from Debian {SUITE} does not start, or is older than 22")
        part.rename(prefix)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    made = _private(prefix)
    if made is None:
        raise InstallError(f"{prefix}: Asterisk does not start from here")
    return made


def _copy(target: Path, say: Say) -> None:
    if shutil.which("mmdebstrap") is None:
        raise InstallError("mmdebstrap is missing; install it with: apt-get install mmdebstrap")
    if not KEYRING.exists():
        raise InstallError(f"{KEYRING} is missing; install it with: apt-get install debian-archive-keyring")
    output = _mmdebstrap(target, (), say)
    if output is None:
        return
    if _PAST_ITS_DATE.search(output):
        say("the mirror's Release file is past its date; trying without the date (signatures are checked all the same)")
        shutil.rmtree(target, ignore_errors=True)
        output = _mmdebstrap(target, ('--aptopt=Acquire::Check-Valid-Until "false"',), say)
        if output is None:
            return
    tail = "\n".join(output.strip().splitlines()[-_TAIL_LINES:])
    raise InstallError(f"mmdebstrap could not fetch Asterisk from Debian {SUITE}:\n{tail}")


def _mmdebstrap(target: Path, options: tuple[str, ...], say: Say) -> str | None:
    """Run it, passing on its own words of progress; returns None when it succeeded, else everything it said."""
    # Only unpacking is wanted, and that needs no privilege; root has a mode of its own only because the other warns.
    mode = ("--mode=root", "--skip=chroot/mount") if os.geteuid() == 0 else ("--mode=chrootless",)
    command = ["mmdebstrap", "--variant=extract", *mode, f"--keyring={KEYRING}", *options]
    heard: list[str] = []
    with subprocess.Popen(  # noqa: S603
        [*command, "--include=asterisk", SUITE, str(target)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=os.environ | {"LC_ALL": "C.UTF-8", "PATH": _path()},
    ) as process:
        for line in process.stdout or ():
            heard.append(line)
            if line.startswith("I: ") and ("apt" in line or "extracting" in line):
                say(line.removeprefix("I: ").strip())
    return "".join(heard) if process.returncode else None


def _trim(prefix: Path) -> None:
    for pattern in _UNUSED:
        for folder in prefix.glob(pattern):
            shutil.rmtree(folder, ignore_errors=True)


def _private(prefix: Path) -> Asterisk | None:
    # The loader's folder is named after the machine's architecture, as are the libraries beside it.
    for loader in sorted(prefix.glob("usr/lib/*/ld-linux-*.so.*")):
        argv = (str(loader), "--library-path", str(loader.parent), str(prefix / "usr/sbin/asterisk"))
        if version := _version(argv):
            return Asterisk(version, argv, loader.parent / "asterisk/modules", prefix / "usr/share/asterisk")
    return None


def _system() -> Asterisk | None:
    binary = shutil.which("asterisk", path=_path())
    version = _version((binary,)) if binary else None
    if not binary or not version:
        return None
    modules = next((folder for folder in _module_folders() if _has_modules(folder)), None)
    data = next((folder for folder in _data_folders() if any(folder.glob("documentation/*.xml"))), None)
    return Asterisk(version, (binary,), modules, data) if modules and data else None


def _version(argv: tuple[str, ...]) -> str | None:
    """Return the version that the program gives, or None if it does not run or is too old."""
    try:
        asked = subprocess.run(  # noqa: S603
            [*argv, "-V"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = _VERSION.match(asked.stdout)
    return found[1] if found and int(found[2]) >= OLDEST_MAJOR else None


def _module_folders() -> Iterator[Path]:
    for base in (Path("/usr/local/lib"), Path("/usr/lib"), Path("/usr/lib64")):
        yield base / "asterisk/modules"
        yield from sorted(base.glob("*-linux-gnu*/asterisk/modules"))


def _has_modules(folder: Path) -> bool:
    return all((folder / name).exists() for name in _NEEDED_MODULES)


def _data_folders() -> tuple[Path, ...]:
    return (Path("/usr/local/share/asterisk"), Path("/usr/share/asterisk"), Path("/var/lib/asterisk"))


def _path() -> str:
    """The search path with the administrator's folders, which an ordinary user's may lack."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"])


def main(arguments: list[str]) -> int:
    """Get Asterisk, or with `--find` only tell whether there is one; returns the exit status."""

    def say(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    if "--find" in arguments:
        found = find()
        say(found.version if found else "none")
        return 0 if found else 1
    try:
        say(f"Asterisk {ensure(say=say).version}")
    except (InstallError, OSError) as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
