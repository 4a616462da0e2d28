"""A disk of a few megabytes that a test may fill: a tmpfs, which the kernel treats as full like any other."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MEBIBYTE = 1 << 20


@contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[Path]:
    """Mount an empty disk of that size at `folder` for the length of the block; skips the test where none may be."""
    folder.mkdir(parents=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "callcenter-test", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"a small disk needs the right to mount one: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        # Lazy: a program that is just ending may still hold a file.
        subprocess.run(["umount", "-l", str(folder)], check=True)


def free(folder: Path) -> int:
    """Return the bytes that are free."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def fill(folder: Path, leave: int, *, name: str = "hog") -> Path:
    """Take everything but `leave` bytes, in a file of its own or more of it; returns the file."""
    path = folder / name
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        held = os.fstat(descriptor).st_blocks * 512
        os.posix_fallocate(descriptor, 0, max(held + free(folder) - leave, 1))
    finally:
        os.close(descriptor)
    return path
