"""The steps after the system packages; each does nothing when a digest of what it was made from still holds."""

import hashlib
import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

from callcenter.bootstrap import packages
from callcenter.bootstrap.console import Console, SetupError

_PIP_ENV = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
_STAMP = ".callcenter-setup.json"
#: The oldest Node.js that the bundler runs on.
_OLDEST_NODE = 18


def asterisk(root: Path, console: Console) -> None:
    """Get Asterisk 22 unless there is one."""
    if packages.has_asterisk(root):
        return
    with console.step("Asterisk 22, a private copy of Debian's, 190 MB"):
        console.run("Asterisk", [sys.executable, "-m", packages.ASTERISK_INSTALLER], cwd=root)


def libraries(root: Path, console: Console, *, tests: bool = False) -> None:
    """Make the virtual environment and install exactly what the lock files name, by their hashes.

    `tests` adds what only the tests and the linters use, which is half of it all.
    """
    home, lock, more = root / ".venv", root / "requirements.lock", root / "requirements-dev.lock"
    python = home / "bin/python"
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    place = [str(root), sys.version.split()[0], sys.base_prefix]
    made = {
        "place": _digest_of(place),
        "libraries": _digest_of([lock.read_text(encoding="utf-8")]),
        "project": _digest_of([json.dumps(project["project"]), json.dumps(project["tool"]["setuptools"])]),
    }
    stamp = home / _STAMP
    known = _read(stamp)
    if tests:
        made["tests"] = _digest_of([more.read_text(encoding="utf-8")])
    elif "tests" in known:
        made["tests"] = known["tests"]
    if known == made and python.exists():
        return
    with console.step("Python libraries, by the hashes in the lock files"):
        if known.get("place", made["place"]) != made["place"] or not _runs(python):
            # The scripts inside carry its path: a checkout that moved, or another Python, needs a new one.
            console.run("virtual environment", [sys.executable, "-m", "venv", "--clear", home])
            known = {}
            if not tests:
                made.pop("tests", None)
        pip: list[str | Path] = [python, "-m", "pip", "install"]
        if known.get("libraries") != made["libraries"]:
            # What comes as source is built by the setuptools of the lock, not by whatever a build would fetch.
            tools = home / "build-tools.txt"
            tools.write_text(_entry(lock.read_text(encoding="utf-8"), "setuptools"), encoding="utf-8")
            console.run("build tools", [*pip, "--require-hashes", "-r", tools], env=_PIP_ENV)
            hashed: list[str | Path] = ["--require-hashes", "--no-build-isolation", "-r", lock]
            console.run("Python libraries", [*pip, *hashed], cwd=root, env=_PIP_ENV)
        if tests and known.get("tests") != made["tests"]:
            console.run("libraries of the tests", [*pip, "--require-hashes", "-r", more], cwd=root, env=_PIP_ENV)
        ours = ["--no-deps", "--no-build-isolation", "-e", "."]
        console.run("this package", [*pip, *ours], cwd=root, env=_PIP_ENV)
        _write(stamp, made)


def front_end(root: Path, console: Console) -> None:
    """Install the front end's libraries from its lock file and bundle it."""
    web = root / "web"
    if not (web / "package.json").exists():
        return
    modules, dist = web / "node_modules", web / "dist"
    stamp = modules / _STAMP
    made = {
        "libraries": _digest([web / "package.json", web / "package-lock.json"], web),
        "bundle": _digest(_sources(web, skip=(modules, dist)), web),
    }
    known = _read(stamp)
    if known == made and (dist / "manifest.json").exists():
        return
    _check_node()
    with console.step("front end"):
        if known.get("libraries") != made["libraries"]:
            console.run("npm ci", ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=web)
            _write(stamp, {"libraries": made["libraries"]})
        console.run("front end", ["npm", "run", "--silent", "build"], cwd=web)
        _write(stamp, made)


def browser(root: Path, console: Console) -> None:
    """Get Chromium for the tests through Playwright where the system has no package of it."""
    if packages.distribution() != "ubuntu" or shutil.which("chromium"):
        return
    if any((Path.home() / ".cache/ms-playwright").glob("chromium*")):
        return
    with console.step("Chromium for the tests, through Playwright"):
        playwright: list[str | Path] = [
            root / ".venv/bin/python",
            "-m",
            "playwright",
            "install",
            "--with-deps",
            "chromium",
        ]
        console.run("Chromium", playwright)


def _check_node() -> None:
    try:
        asked = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)  # noqa: S607
        major = int(asked.stdout.lstrip("v").split(".")[0])
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise SetupError(f"front end: node does not run: {error}") from error
    if major < _OLDEST_NODE:
        raise SetupError(f"front end: node {asked.stdout.strip()} is too old; it needs {_OLDEST_NODE} or newer")


def _entry(lock: str, name: str) -> str:
    """Return the lock file's entry of one library, hashes and all."""
    lines = lock.splitlines()
    try:
        first = next(at for at, line in enumerate(lines) if line.startswith(f"{name}=="))
    except StopIteration:
        raise SetupError(f"requirements.lock names no {name}") from None
    taken = [lines[first]]
    while taken[-1].rstrip().endswith("\\"):
        taken.append(lines[first + len(taken)])
    return "\n".join(taken) + "\n"


def _runs(python: Path) -> bool:
    if not python.exists():
        return False
    asked = subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False)  # noqa: S603
    return asked.returncode == 0


def _sources(web: Path, skip: tuple[Path, ...]) -> list[Path]:
    # Templates and catalogues are read by the server, not by the bundler.
    skipped = (*skip, web / "templates", web / "locale")
    return sorted(
        path
        for entry in web.iterdir()
        if entry not in skipped and not entry.name.startswith("dist-")
        for path in (entry.rglob("*") if entry.is_dir() else [entry])
        if path.is_file()
    )


def _digest(files: Iterable[Path], base: Path) -> str:
    digest = hashlib.sha256()
    for path in files:
        content = path.read_bytes() if path.exists() else b""
        digest.update(f"{path.relative_to(base)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _digest_of(words: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(words).encode()).hexdigest()


def _read(stamp: Path) -> dict[str, str]:
    try:
        known = json.loads(stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _write(stamp: Path, made: dict[str, str]) -> None:
    temporary = stamp.with_suffix(".new")
    temporary.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    temporary.replace(stamp)
