"""The command line: `callcenter run | check | doctor | seats | agents | agent | queue | calls | callbacks | ...`.

Every listing takes `--json`; an error is one clear line on stderr and a status other than zero.
"""

import gc
import sys
from importlib import import_module

import typer
from typer.exceptions import TyperException

from callcenter.api_client import HotlineDown, HotlineRefused
from callcenter.asterisk.secrets import SecretsError
from callcenter.settings import SettingsError
from callcenter.storage.errors import DatabaseAway

#: Which module of this package has which commands. Only the one that is asked for is read: a database and a web server
#: are a second's work to import, and `callcenter run` needs neither.
_COMMANDS = {
    "service": ("run", "check", "systemd"),
    "controller": ("controller",),
    "examine": ("doctor",),
    "simulate": ("demo",),
    "generate": ("generate",),
    "floor": ("seats", "agents", "agent", "queue", "announcement"),
    "history": ("calls", "callbacks", "tickets", "indicators"),
    "requests": ("ticket", "tickets-table"),
    "truth": ("audit", "replay"),
    "trail": ("verify-audit",),
    "supervision": ("blocked", "policy-log", "test-dial", "test-dials"),
    "bans": ("bans",),
    "simulation": ("simulate",),
    "recordings": ("recordings", "recording"),
    "accounts": ("user",),
    "reference": ("reference",),
    "knowledge": ("knowledge", "search"),
    "dispatch_help": ("dispatch-help",),
}


def command_line(asked: str | None = None) -> typer.Typer:
    """Return the command line with the command `asked` for, or with all of them."""
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help="The 12345 hotline's call centre.",
    )
    # Typer takes a lone command for the whole program; a callback keeps it a program with commands.
    app.callback()(lambda: None)
    modules = [module for module, commands in _COMMANDS.items() if asked in commands] or list(_COMMANDS)
    # What importing makes stays for good: the collector would go through all of it a dozen times, and find nothing.
    gc.disable()
    for module in modules:
        import_module(f"{__name__}.{module}").register(app)
    gc.freeze()
    gc.enable()
    return app


def main() -> None:
    """Run the command line and end the process with its status: 2 for faulty settings or usage, 1 for other errors."""
    if len(sys.argv) == 1:
        sys.argv.append("--help")
    try:
        # An Exit comes back as its status.
        status = command_line(sys.argv[1])(standalone_mode=False)
    except SettingsError as error:
        sys.exit(_complain(error.faults, 2))
    except TyperException as error:
        # `callcenter agent` alone has shown its help by now, and has no more to say.
        sys.exit(_complain([error.format_message()] if error.format_message() else [], error.exit_code))
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)
    except (DatabaseAway, HotlineDown, HotlineRefused, SecretsError, OSError) as error:
        sys.exit(_complain([str(error)], 1))
    sys.exit(status or 0)


def _complain(lines: list[str], status: int) -> int:
    for line in lines:
        # One line each, whatever a driver has to say.
        sys.stderr.write(f"callcenter: {' '.join(line.split())}\n")
    return status
