"""The command line: `callcenter run | check | doctor | seats | agents | agent | queue | calls | callbacks | ...`.

Every listing takes `--json`; an error is one clear line on stderr and a status other than zero.
"""

import sys

import typer
from sqlalchemy.exc import SQLAlchemyError
from typer.exceptions import TyperException

from callcenter.api_client import HotlineDown, HotlineRefused
from callcenter.asterisk.secrets import SecretsError
from callcenter.cli import accounts, floor, history, service
from callcenter.databases import DatabaseAway
from callcenter.settings import SettingsError

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="The 12345 hotline's call centre."
)
for group in (service, floor, history, accounts):
    group.register(app)


def main() -> None:
    """Run the command line and end the process with its status: 2 for faulty settings or usage, 1 for other errors."""
    if len(sys.argv) == 1:
        sys.argv.append("--help")
    try:
        # An Exit comes back as its status.
        status = app(standalone_mode=False)
    except SettingsError as error:
        sys.exit(_complain(error.faults, 2))
    except TyperException as error:
        # `callcenter agent` alone has shown its help by now, and has no more to say.
        sys.exit(_complain([error.format_message()] if error.format_message() else [], error.exit_code))
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)
    except SQLAlchemyError as error:
        sys.exit(_complain([f"the database: {getattr(error, 'orig', None) or error}"], 1))
    except (DatabaseAway, HotlineDown, HotlineRefused, SecretsError, OSError) as error:
        sys.exit(_complain([str(error)], 1))
    sys.exit(status or 0)


def _complain(lines: list[str], status: int) -> int:
    for line in lines:
        # One line each, whatever a driver has to say.
        sys.stderr.write(f"callcenter: {' '.join(line.split())}\n")
    return status
