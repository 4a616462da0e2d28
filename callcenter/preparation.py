"""What must be on disk before Asterisk starts: folders, secrets, certificate, prompts, rendered configuration."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from callcenter.asterisk import certificate, install, prompts, render, secrets
from callcenter.asterisk.fallback_agi import write_wrapper
from callcenter.paths import ROOT, Paths
from callcenter.recordings import key_file
from callcenter.settings import Settings
from callcenter.storage import clock
from callcenter.tickets.interchange import setup as interchange

Say = Callable[[str], None]
#: A step shorter than this is not worth a line.
_SILENT_SECONDS = 0.3

#: What says by itself what is wrong and what to do.
_FAULTS = (OSError, secrets.SecretsError, certificate.CertificateError, key_file.KeyFileError, prompts.PromptError)


class NotReady(Exception):
    """Something that Asterisk needs could not be made; `faults` has one line for each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class Prepared:
    """What was made, for whoever starts Asterisk."""

    paths: Paths
    program: install.Asterisk
    secrets: secrets.Secrets
    certificate: tuple[Path, Path]


def prepare(settings: Settings, say: Say) -> Prepared:
    """Make everything, doing only what is missing. Raises NotReady with what to mend."""
    paths = Paths.of(settings)
    try:
        paths.make()
        program = install.find(ROOT)
        if program is None:
            raise NotReady(["there is no Asterisk 22 here yet; get it with: make setup"])
        made = Prepared(
            paths,
            program,
            secrets.ensure(paths.secrets, settings),
            certificate.of_settings(settings, paths.secrets),
        )
        key_file.ensure(settings.recordings.keys, clock.now())
        link_program_data(paths, program)
        with _timed("prompts", say):
            prompts.ensure(paths.prompts, prompts.wanted(settings), settings.prompts, say)
            prompts.music(paths.music)
        configure(settings, made)
    except render.RenderError as error:
        raise NotReady(error.faults) from error
    except _FAULTS as error:
        raise NotReady([str(error)]) from error
    return made


def configure(settings: Settings, made: Prepared, into: Path | None = None) -> None:
    """Render Asterisk's configuration; raises RenderError with every fault."""
    render.render(
        into or made.paths.etc,
        settings=settings,
        paths=made.paths,
        secrets=made.secrets,
        modules=made.program.modules,
        certificate=made.certificate,
        fallback=Path(write_wrapper(made.paths.agi)),
    )


def faults(settings: Settings, scratch: Path) -> list[str]:
    """Render everything into the folder `scratch` and return every fault found, one line each."""
    found: list[str] = []
    program = install.find(ROOT)
    if program is None:
        found.append("there is no Asterisk 22 here yet; get it with: make setup")
    # Everything as it will be, but written elsewhere: a data folder that will not do is a fault too.
    paths = Paths.of(settings)
    try:
        secrets.read(paths.secrets)
    except secrets.SecretsError as error:
        found.append(str(error))
    try:
        if settings.recordings.keys.exists():
            key_file.load(settings.recordings.keys)
    except key_file.KeyFileError as error:
        found.append(str(error))
    try:
        render.render(
            scratch / "etc",
            settings=settings,
            paths=paths,
            secrets=secrets.ensure(scratch, settings),
            modules=program.modules if program else scratch,
            certificate=(scratch / "cert.pem", scratch / "key.pem"),
            fallback=paths.agi / "fallback",
        )
    except render.RenderError as error:
        found += error.faults
    if settings.https.certificate:
        try:
            certificate.of_settings(settings, scratch)
        except certificate.CertificateError as error:
            found.append(str(error))
    found += prompts.faults(settings)
    if fault := interchange.fault(settings.interchange):
        found.append(fault)
    return found


def link_program_data(paths: Paths, program: install.Asterisk) -> None:
    """Link the program's documentation into our share: PJSIP reads its options' names from there and fails without."""
    link = paths.share / "documentation"
    target = program.data / "documentation"
    if link.is_symlink() and link.readlink() != target:
        link.unlink()
    if not link.is_symlink():
        link.symlink_to(target)


@contextmanager
def _timed(what: str, say: Say) -> Iterator[None]:
    began = time.monotonic()
    yield
    seconds = time.monotonic() - began
    if seconds >= _SILENT_SECONDS:
        say(f"{what}: {seconds:.1f} s")
