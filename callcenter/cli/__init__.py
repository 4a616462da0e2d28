"""The command line: `callcenter run | check | doctor | seats | agents | agent | queue | calls | callbacks | ...`.

Every listing takes `--json`; an error is one clear line on stderr and a status other than zero.
"""

import sys

import typer
from click import ClickException, exceptions

from callcenter.api_client import HotlineDown, HotlineRefused
from callcenter.cli import accounts, floor, history, service
from callcenter.settings import SettingsError

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="The 12345 hotline's call centre."
)
for group in (service, floor, history, accounts):
    group.register(app)


def main() -> None:
    """Run the command line and end the process with its status: 2 for faulty settings or usage, 1 for other errors."""
    try:
        status = app(standalone_mode=False)
    except SettingsError as error:
        sys.exit(_complain(error.faults, 2))
    except (HotlineDown, HotlineRefused) as error:
        sys.exit(_complain([str(error)], 1))
    except exceptions.Exit as end:
        sys.exit(end.exit_code)
    except ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, exceptions.Abort):
        sys.exit(130)
    except OSError as error:
        sys.exit(_complain([str(error)], 1))
    sys.exit(status or 0)


def _complain(lines: list[str], status: int) -> int:
    for line in lines:
        sys.stderr.write(f"callcenter: {line}\n")
    return status
