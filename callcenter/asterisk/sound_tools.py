"""espeak-ng and sox, run without a shell: what makes prompts and hold music."""

import subprocess
from collections.abc import Sequence

#: Samples a second of everything that callers hear from us.
RATE = 8000
#: Longest that one prompt may take to make, in seconds.
_DEADLINE = 60


class PromptError(Exception):
    """Prompts that cannot be made; one line for each, naming the recording or the prompt."""


def run_tool(command: Sequence[str], *, words: str | None = None) -> None:
    """Run espeak-ng or sox without a shell, `words` on its standard input; raises PromptError with its last line."""
    try:
        done = subprocess.run(  # noqa: S603
            command,
            input=(words or "").encode(errors="replace"),
            capture_output=True,
            timeout=_DEADLINE,
            check=False,
        )
    except FileNotFoundError as error:
        raise PromptError(f"{command[0]} is missing; run: make setup") from error
    except subprocess.TimeoutExpired as error:
        raise PromptError(f"{command[0]} took longer than {_DEADLINE} s") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise PromptError(said[-1] if said else f"{command[0]} ended with status {done.returncode}")
