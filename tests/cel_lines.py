"""Makes lines of the channel event log as Asterisk 22 writes them by our cel_custom.conf."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def line(  # a line has many fields
    kind: str,
    at: float | datetime,
    linkedid: str,
    *,
    uniqueid: str | None = None,
    channel: str = "PJSIP/lab-00000001",
    number: str | None = None,
    context: str = "from-lab",
    extra: dict[str, object] | None = None,
    word: str = "",
) -> str:
    """Return one line; `at` is a time or seconds after START. With `number` it has a field that older files had."""
    moment = at if isinstance(at, datetime) else START + timedelta(seconds=at)
    fields = {
        "eventtype": word or kind,
        "eventenum": kind,
        "userdeftype": word,
        "eventtime": f"{moment.timestamp():.6f}",
        **({} if number is None else {"num": number}),
        "context": context,
        "channame": channel,
        "uniqueid": uniqueid or linkedid,
        "linkedid": linkedid,
        "peer": "",
        "eventextra": json.dumps(extra, separators=(",", ":")) if extra else "",
    }
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False)


def said(word: str, at: float | datetime, linkedid: str, text: str = "", **more: str) -> str:
    """Return the line of a user event of our dialplan."""
    return line("USER_DEFINED", at, linkedid, word=word, extra={"extra": text}, **more)


def restarted(at: float, node: str = "node1") -> str:
    """Return the line that the supervisor writes before it starts Asterisk."""
    moment = (START + timedelta(seconds=at)).timestamp()
    return json.dumps({"eventname": "ASTERISK_START", "eventtime": f"{moment:.6f}", "node": node})


class Citizen:
    """Writes the lines of one citizen's call, step by step; times are seconds after START."""

    def __init__(self, linkedid: str = "node1-1.1", caller: str = "13800000001", *, start: float = 0.0) -> None:
        self.linkedid = linkedid
        self.caller = caller
        self.start = start
        self.lines = [
            line("CHAN_START", start, linkedid),
            said("ENTERED", start + 0.001, linkedid, f"{caller}|12345"),
            line("ANSWER", start + 0.002, linkedid),
        ]

    def __iter__(self) -> Iterator[str]:
        return iter(self.lines)

    def _at(self, after: float) -> float:
        return self.start + after

    def says(self, word: str, after: float, text: str = "") -> "Citizen":
        self.lines.append(said(word, self._at(after), self.linkedid, text))
        return self

    def queued(self, after: float = 5) -> "Citizen":
        return self.says("GREETED", after - 1).says("QUEUED", after, f"2026/11/23/{self.linkedid}.wav")

    def rings(self, seat: str, after: float, *, channel: str = "1") -> "Citizen":
        name = f"PJSIP/{seat}-{channel:0>8}"
        self.lines.append(
            line("CHAN_START", self._at(after), self.linkedid, uniqueid=f"{self.linkedid}-{channel}", channel=name)
        )
        return self

    def rings_in_vain(self, seat: str, after: float, *, channel: str = "1") -> "Citizen":
        self.rings(seat, after, channel=channel)
        return self._seat_gone(seat, after + 3, channel)

    def _seat_gone(self, seat: str, after: float, channel: str) -> "Citizen":
        name, unique = f"PJSIP/{seat}-{channel:0>8}", f"{self.linkedid}-{channel}"
        hangup = {"hangupcause": 16, "hangupsource": "", "dialstatus": ""}
        self.lines += [
            line("HANGUP", self._at(after), self.linkedid, uniqueid=unique, channel=name, extra=hangup),
            line("CHAN_END", self._at(after), self.linkedid, uniqueid=unique, channel=name),
        ]
        return self

    def answered(self, seat: str = "8001", agent: str = "1001", after: float = 8, *, channel: str = "9") -> "Citizen":
        self.rings(seat, after - 1, channel=channel)
        name, unique = f"PJSIP/{seat}-{channel:0>8}", f"{self.linkedid}-{channel}"
        bridge = {"bridge_id": f"b-{self.linkedid}-{channel}", "bridge_technology": "simple_bridge"}
        self.lines += [
            said("AGENT", self._at(after), self.linkedid, f"{agent}|{name}", uniqueid=unique, channel=name),
            line("BRIDGE_ENTER", self._at(after), self.linkedid, uniqueid=unique, channel=name, extra=bridge),
            line("BRIDGE_ENTER", self._at(after), self.linkedid, extra=bridge),
        ]
        return self

    def agent_hangs_up(self, after: float, seat: str = "8001", *, channel: str = "9") -> "Citizen":
        name, unique = f"PJSIP/{seat}-{channel:0>8}", f"{self.linkedid}-{channel}"
        bridge = {"bridge_id": f"b-{self.linkedid}-{channel}"}
        self.lines += [
            line("BRIDGE_EXIT", self._at(after), self.linkedid, uniqueid=unique, channel=name, extra=bridge),
            line("BRIDGE_EXIT", self._at(after), self.linkedid, extra=bridge),
        ]
        return self.says("QUEUE_LEFT", after, "CONTINUE")._seat_gone(seat, after, channel)

    def hangs_up(self, after: float, source: str = "PJSIP/lab-00000001") -> "Citizen":
        hangup = {"hangupcause": 16, "hangupsource": source, "dialstatus": ""}
        self.lines += [
            line("HANGUP", self._at(after), self.linkedid, extra=hangup),
            line("CHAN_END", self._at(after), self.linkedid),
            line("LINKEDID_END", self._at(after), self.linkedid),
        ]
        return self

    def sent_away(self, after: float) -> "Citizen":
        return self.hangs_up(after, source="dialplan/builtin")
