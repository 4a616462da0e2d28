"""Where everything that is written at run time lies, below the data folder."""

from dataclasses import dataclass
from pathlib import Path

from callcenter.settings import Settings

#: The checkout: templates, migrations and the front end are read from here.
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Paths:
    """Paths below one data folder; Asterisk's own names in the comments of `asterisk-conf/asterisk.conf.j2`."""

    data: Path
    #: Where recordings are kept when that is elsewhere.
    recorded: Path | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Paths":
        """Return the paths of the data folder that the settings name."""
        elsewhere = settings.recordings.folder
        return cls(settings.data_folder, elsewhere and elsewhere.expanduser().resolve())

    @property
    def secrets(self) -> Path:
        """Generated passwords and keys, mode 0700."""
        return self.data / "secrets"

    @property
    def recordings(self) -> Path:
        """Recorded conversations, sealed, by day."""
        return self.recorded or self.data / "recordings"

    @property
    def raw_recordings(self) -> Path:
        """What Asterisk records just now, or what is still to be sealed."""
        return self.recordings / "raw"

    @property
    def attachments(self) -> Path:
        """Files that go with requests, by the hash of their content."""
        return self.data / "attachments"

    @property
    def dispatch_help(self) -> Path:
        """What was learned from closed requests."""
        return self.data / "dispatch-help"

    @property
    def database(self) -> Path:
        """The embedded database."""
        return self.data / "callcenter.db"

    @property
    def witness(self) -> Path:
        """Marks of the audit trail, only ever appended to."""
        return self.data / "audit"

    @property
    def logs(self) -> Path:
        """What our programs print."""
        return self.data / "log"

    @property
    def locks(self) -> Path:
        """Lock files that keep a second start away."""
        return self.data / "run"

    @property
    def snapshot(self) -> Path:
        """What the fallback AGI script answers from while the controller is away."""
        return self.data / "snapshot.json"

    @property
    def ticket_states(self) -> Path:
        """What it tells citizens of their requests from; beside the snapshot, under the name that it knows."""
        return self.data / "ticket-states.txt"

    @property
    def asterisk(self) -> Path:
        """Everything of Asterisk's."""
        return self.data / "asterisk"

    @property
    def etc(self) -> Path:
        """Rendered configuration."""
        return self.asterisk / "etc"

    @property
    def lib(self) -> Path:
        """Asterisk's own database."""
        return self.asterisk / "lib"

    @property
    def share(self) -> Path:
        """Prompts, hold music, and a link to the program's documentation, without which PJSIP does not load."""
        return self.asterisk / "share"

    @property
    def prompts(self) -> Path:
        """Prompts; Asterisk looks below it for the language."""
        return self.share / "sounds"

    @property
    def music(self) -> Path:
        """Hold music."""
        return self.share / "moh"

    @property
    def spool(self) -> Path:
        """Asterisk's spool."""
        return self.asterisk / "spool"

    @property
    def run(self) -> Path:
        """Asterisk's control socket."""
        return self.asterisk / "run"

    @property
    def log(self) -> Path:
        """Asterisk's logs, queue_log among them."""
        return self.asterisk / "log"

    @property
    def cel(self) -> Path:
        """The call history as Asterisk wrote it."""
        return self.log / "cel-custom" / "cel.jsonl"

    @property
    def bans(self) -> Path:
        """Who is banned, as Asterisk reads it; written by the controller, and not rendered."""
        return self.lib / "bans.conf"

    @property
    def journal(self) -> Path:
        """Who called, written by the calls themselves; rotated ones lie beside it."""
        return self.log / "journal" / "calls"

    @property
    def agi(self) -> Path:
        """Classic AGI scripts."""
        return self.lib / "agi-bin"

    def make(self) -> None:
        """Make every folder that must be there before Asterisk starts."""
        for private in (self.data, self.secrets, self.etc, self.recordings, self.raw_recordings):
            private.mkdir(parents=True, exist_ok=True)
            private.chmod(0o700)
        for folder in (
            self.logs,
            self.locks,
            self.lib / "keys",
            self.agi,
            self.prompts,
            self.music,
            self.spool,
            self.run,
            self.cel.parent,
            self.journal.parent,
        ):
            folder.mkdir(parents=True, exist_ok=True)
