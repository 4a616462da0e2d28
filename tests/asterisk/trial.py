"""A real Asterisk with a dialplan of the test's own, in a folder of its own."""

import asyncio
import math
import os
import struct
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

MODULES = """
res_sorcery_config res_sorcery_memory res_sorcery_astdb res_pjproject res_timing_timerfd res_rtp_asterisk codec_ulaw
format_wav format_pcm res_pjsip res_pjsip_session res_pjsip_endpoint_identifier_user res_pjsip_endpoint_identifier_ip
chan_pjsip bridge_simple pbx_config res_speech res_agi res_clioriginate app_exec app_stack app_playback app_senddtmf
app_softhangup func_strings func_global func_callerid func_channel func_env func_uri func_logic
func_timeout func_lock func_dialplan app_dial res_pjsip_sdp_rtp res_pjsip_pubsub
"""


@dataclass(frozen=True)
class Program:
    """How to start Asterisk here, and where its own files are."""

    argv: tuple[str, ...]
    modules: Path
    data: Path


def program() -> Program:
    """Return the Asterisk that set-up installed (or that ASTERISK_PREFIX, a private copy, names)."""
    if prefix := os.environ.get("ASTERISK_PREFIX"):
        usr = Path(prefix, "usr")
        loader = next(usr.glob("lib/*/ld-linux-*.so.*"))
        argv = (str(loader), "--library-path", str(loader.parent), str(usr / "sbin/asterisk"))
        return Program(argv, loader.parent / "asterisk/modules", usr / "share/asterisk")
    install = pytest.importorskip("callcenter.asterisk.install", reason="Asterisk is not set up")
    found = install.find()
    if found is None:
        pytest.skip("Asterisk is not set up")
    return Program(tuple(found.argv), Path(found.modules), Path(found.data))


@dataclass
class Trial:
    """A running Asterisk."""

    argv: tuple[str, ...]
    conf: Path
    process: asyncio.subprocess.Process
    log: Path

    async def command(self, text: str) -> str:
        """Run a command of Asterisk's own command line."""
        asked = await asyncio.create_subprocess_exec(
            *self.argv,
            "-C",
            str(self.conf),
            "-rx",
            text,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        return (await asked.communicate())[0].decode(errors="replace")

    async def call(self, exten: str, seconds: int = 20) -> None:
        """Call an extension of the context `trial` from a channel that stays for `seconds`."""
        await self.command(f"channel originate Local/{exten}@trial application Wait {seconds}")


def configure(folder: Path, dialplan: str, *, ami_port: int, sip_port: int, found: Program) -> Path:
    """Write the configuration into `folder`; returns asterisk.conf."""
    etc, share = folder / "etc", folder / "share"
    for made in (etc, folder / "lib", folder / "run", folder / "log", folder / "spool", share / "sounds/en"):
        made.mkdir(parents=True, exist_ok=True)
    if not (share / "documentation").exists():
        (share / "documentation").symlink_to(found.data / "documentation")
    tone(share / "sounds/en/tone.wav", seconds=5)
    (share / "sounds/en/digits").mkdir(exist_ok=True)
    for digit in range(10):
        tone(share / f"sounds/en/digits/{digit}.wav", seconds=0.05)
    files = {
        "asterisk.conf": f"""[directories]
astetcdir => {etc}
astmoddir => {found.modules}
astvarlibdir => {folder}/lib
astdbdir => {folder}/lib
astdatadir => {share}
astagidir => {folder}/lib
astspooldir => {folder}/spool
astrundir => {folder}/run
astlogdir => {folder}/log
""",
        "modules.conf": "[modules]\nautoload=no\n" + "".join(f"load={name}.so\n" for name in MODULES.split()),
        "logger.conf": "[logfiles]\nmessages => notice,warning,error,verbose(3)\n",
        "manager.conf": f"""[general]
enabled=yes
port={ami_port}
bindaddr=127.0.0.1
[probe]
secret=throw-away
read=
write=
""",
        "pjsip.conf": f"[udp]\ntype=transport\nprotocol=udp\nbind=127.0.0.1:{sip_port}\n",
        "extensions.conf": f"[trial]\n{dialplan}\n",
    } | dict.fromkeys(
        (
            "acl.conf",
            "ccss.conf",
            "indications.conf",
            "cdr.conf",
            "cel.conf",
            "pjproject.conf",
            "rtp.conf",
            "features.conf",
            "udptl.conf",
        ),
        "",
    )
    for name, text in files.items():
        (etc / name).write_text(text, encoding="utf-8")
    return etc / "asterisk.conf"


@asynccontextmanager
async def trial(folder: Path, dialplan: str, *, ami_port: int = 7138, sip_port: int = 7160) -> AsyncIterator[Trial]:
    """Run an Asterisk whose context `trial` holds `dialplan`; it is ended at the end of the block."""
    found = program()
    conf = configure(folder, dialplan, ami_port=ami_port, sip_port=sip_port, found=found)
    output = folder / "output.log"
    with output.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *found.argv, "-C", str(conf), "-f", stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
        )
    running = Trial(found.argv, conf, process, folder / "log/messages")
    try:
        async with asyncio.timeout(20):
            while "fully booted" not in await running.command("core waitfullybooted"):
                assert process.returncode is None, output.read_text()
                await asyncio.sleep(0.05)
        await running.command("core set verbose 3")
        yield running
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def tone(path: Path, *, seconds: float) -> None:
    """Write a sound file that Asterisk can play."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        samples = (int(8000 * math.sin(2 * math.pi * 440 * at / 8000)) for at in range(int(seconds * 8000)))
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
