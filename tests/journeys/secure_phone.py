"""A desk phone that speaks TLS and SRTP and nothing else: pjsua2 in a process of its own, told what to do on stdin.

SIPp has neither SHA-256 nor SRTP. One word and a JSON object a line, in both directions; see `SecurePhone`.
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: Seconds that the phone may take to come up, and to say goodbye.
_PATIENCE = 15.0


@dataclass
class SecurePhone:
    """The phone as a test sees it: `lines` is what it said so far, newest last."""

    process: asyncio.subprocess.Process
    lines: list[dict[str, Any]] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, word: str, within: float = _PATIENCE) -> dict[str, Any]:
        """Wait for the next line that says `word`, and take it away."""
        try:
            async with asyncio.timeout(within):
                while not (found := next((line for line in self.lines if line["word"] == word), None)):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"the phone did not say {word!r} within {within:g} s; it said: {self.lines}") from None
        self.lines.remove(found)
        return found

    async def tell(self, word: str, **more: Any) -> None:  # noqa: ANN401
        """Give an order: `hang_up`, `dial`, `end`."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"word": word, **more}).encode() + b"\n")
        await self.process.stdin.drain()

    async def listen(self) -> None:
        """Hear what it says, until it is gone."""
        assert self.process.stdout
        async for line in self.process.stdout:
            with contextlib.suppress(ValueError):
                self.lines.append(json.loads(line))
            self._news.set()


@asynccontextmanager
async def secure_phone(**settings: Any) -> AsyncIterator[SecurePhone]:  # noqa: ANN401
    """Run a phone with the settings of `_Phone`; it is ended on leaving."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(Path(__file__))),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    phone = SecurePhone(process)
    listening = asyncio.create_task(phone.listen())  # noqa: TID251  # it ends with the process
    await phone.tell("begin", **settings)
    try:
        yield phone
    finally:
        with contextlib.suppress(OSError):
            await phone.tell("end")
        try:
            async with asyncio.timeout(_PATIENCE):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
        await listening


# ---- In the process --------------------------------------------------------------------------------------------------


def _say(word: str, **more: Any) -> None:  # noqa: ANN401
    sys.stdout.write(json.dumps({"word": word, **more}) + "\n")
    sys.stdout.flush()


def _main() -> None:  # noqa: C901, PLR0915  # one phone, from its birth to its end
    import re  # noqa: PLC0415
    import select  # noqa: PLC0415

    import pjsua2 as pj  # noqa: PLC0415

    wanted = json.loads(sys.stdin.readline())
    kept: list[Any] = []

    class Log(pj.LogWriter):  # type: ignore[misc]
        """Sees each message on the wire: which proof was sent, and how the speech is keyed."""

        def write(self, entry: Any) -> None:  # noqa: ANN401
            for algorithm in re.findall(r"(?m)^Authorization: Digest .*?algorithm=\"?([\w-]+)", entry.msg):
                _say("proof", algorithm=algorithm)
            for profile in re.findall(r"(?m)^m=audio \d+ (\S+)", entry.msg):
                _say("speech", profile=profile, keyed="a=crypto:" in entry.msg)

    class Call(pj.Call):  # type: ignore[misc]
        def onCallState(self, _state: Any) -> None:  # noqa: ANN401, N802
            info = self.getInfo()
            _say("call", state=info.stateText, status=info.lastStatusCode)

        def onCallMediaState(self, _state: Any) -> None:  # noqa: ANN401, N802
            info = self.getInfo()  # kept: what it lists dies with it
            for at in range(len(info.media)):
                media = info.media[at]
                if media.type == pj.PJMEDIA_TYPE_AUDIO and media.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                    sound = self.getAudioMedia(at)
                    player, recorder = pj.AudioMediaPlayer(), pj.AudioMediaRecorder()
                    player.createPlayer(wanted["words"])
                    recorder.createRecorder(wanted["heard"])
                    player.startTransmit(sound)
                    sound.startTransmit(recorder)
                    kept.extend((player, recorder))
                    _say("media")

    class Account(pj.Account):  # type: ignore[misc]
        def onRegState(self, state: Any) -> None:  # noqa: ANN401, N802
            _say("registration", status=state.code, reason=state.reason)

        def onIncomingCall(self, call: Any) -> None:  # noqa: ANN401, N802
            answered = Call(self, call.callId)
            kept.append(answered)
            _say("ringing", caller=answered.getInfo().remoteUri)
            parameter = pj.CallOpParam()
            parameter.statusCode = 200
            answered.answer(parameter)

    endpoint = pj.Endpoint()
    endpoint.libCreate()
    configuration = pj.EpConfig()
    writer = Log()
    configuration.logConfig.level, configuration.logConfig.consoleLevel = 5, 4
    configuration.logConfig.msgLogging = 1
    configuration.logConfig.writer = writer
    configuration.medConfig.noVad, configuration.medConfig.clockRate = True, 8000
    configuration.uaConfig.threadCnt = 0
    configuration.uaConfig.mainThreadOnly = True
    endpoint.libInit(configuration)
    endpoint.audDevManager().setNullDev()
    transport = pj.TransportConfig()
    transport.boundAddress = wanted.get("source", "127.0.0.1")
    kind = pj.PJSIP_TRANSPORT_UDP
    if wanted["transport"] == "tls":
        kind = pj.PJSIP_TRANSPORT_TLS
        transport.tlsConfig.CaListFile = wanted["authority"]
        transport.tlsConfig.verifyServer = True
        transport.tlsConfig.proto = pj.PJ_SSL_SOCK_PROTO_TLS1_2
    identity = endpoint.transportCreate(kind, transport)
    endpoint.libStart()
    server = f"{wanted['host']}:{wanted['port']};transport={wanted['transport']}"
    account, settings = Account(), pj.AccountConfig()
    settings.idUri = f"sip:{wanted['user']}@{wanted['host']}"
    settings.regConfig.registrarUri = f"sip:{server}"
    settings.regConfig.retryIntervalSec = 0
    settings.regConfig.timeoutSec = 120
    settings.sipConfig.transportId = identity
    settings.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", wanted["user"], 0, wanted["password"]))
    settings.mediaConfig.srtpUse = pj.PJMEDIA_SRTP_MANDATORY if wanted.get("srtp", True) else pj.PJMEDIA_SRTP_DISABLED
    settings.mediaConfig.srtpSecureSignaling = 1 if wanted["transport"] == "tls" else 0
    settings.mediaConfig.transportConfig.boundAddress = wanted.get("source", "127.0.0.1")
    account.create(settings)
    while True:
        endpoint.libHandleEvents(20)
        if not select.select([sys.stdin], [], [], 0)[0]:
            continue
        order = json.loads(sys.stdin.readline() or '{"word": "end"}')
        if order["word"] == "hang_up":
            endpoint.hangupAllCalls()
        elif order["word"] == "dial":
            call = Call(account)
            kept.append(call)
            with contextlib.suppress(pj.Error):
                call.makeCall(f"sip:{order['number']}@{server}", pj.CallOpParam(True))  # noqa: FBT003
        else:
            break
    endpoint.hangupAllCalls()
    kept.clear()
    account.shutdown()
    endpoint.libDestroy()
    _say("gone")


if __name__ == "__main__":
    _main()
