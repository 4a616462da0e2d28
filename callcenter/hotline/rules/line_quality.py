"""How good a line was: loss, jitter and delay as RTCP told them, and the opinion score that they make likely.

Pure. What Asterisk says of a channel's speech (`CHANNEL(rtcp,all)`, written by `dialplan/extensions-line.conf.j2` when
the channel ends) becomes one measure of that leg; the score is that of the E-model, ITU-T G.107, with the figures of
G.711 with loss concealment from G.113 (Ie 0, Bpl 25.1), which all our codecs reach.
"""

from dataclasses import dataclass

#: Speech packets from which a leg is judged: two seconds of 20 ms each.
ENOUGH = 100
#: Below this MOS a line is poor 线路差: many of its users are dissatisfied (G.109: R under 70).
POOR = 3.6
#: R of a perfect narrowband line, with all defaults of G.107.
_PERFECT = 93.2
_ROBUSTNESS = 25.1
#: Milliseconds that coding and packets of 20 ms take in any case, and from which delay is felt in talking (one way).
_CODING_MS = 25.0
_FELT_MS = 177.3
#: The range of R in which the polynomial below means anything.
_LEAST_R, _MOST_R = 6.5, 100.0
#: No line is worse than that, and no figure of a hostile peer is believed beyond it.
_LONGEST_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Leg:
    """One side's line, the worse of its two directions."""

    #: Percent of the speech packets that were lost.
    loss: float
    jitter_ms: float
    #: There and back; 0 when the other side sends no reports.
    rtt_ms: float

    @property
    def mos(self) -> float:
        """Mean opinion score, 1.0 (bad) to 4.4 (as good as telephony gets), one decimal."""
        return mos(self.loss, self.jitter_ms, self.rtt_ms)


def leg_of(told: str) -> Leg | None:
    """Return the leg of which Asterisk told `ssrc=..;lp=..;rxjitter=..;rxcount=..;..`; None for one that hardly spoke.

    `lp` and `rxjitter` are what we saw arrive, `rlp` and `txjitter` what the other side reported of what we sent;
    jitter and `rtt` are seconds. Whatever is no number counts as 0: the other side writes half of it.
    """
    fields = dict(part.partition("=")[::2] for part in told.split(";"))

    def figure(name: str, most: float) -> float:
        try:
            value = float(fields.get(name, ""))
        except ValueError:
            return 0.0
        return min(value, most) if value > 0 else 0.0

    received, sent = figure("rxcount", 1e9), figure("txcount", 1e9)
    if max(received, sent) < ENOUGH:
        return None
    lost = max(_percent(figure("lp", 1e9), received), _percent(figure("rlp", 1e9), sent, of_all=True))
    jitter = max(figure("rxjitter", _LONGEST_SECONDS), figure("txjitter", _LONGEST_SECONDS))
    return Leg(round(lost, 2), round(jitter * 1000, 1), round(figure("rtt", _LONGEST_SECONDS) * 1000, 1))


def mos(loss: float, jitter_ms: float, rtt_ms: float) -> float:
    """Return the mean opinion score that a loss (percent), jitter and round trip (both milliseconds) make likely."""
    # A buffer that evens jitter out holds speech back for about twice as long.
    delay = rtt_ms / 2 + 2 * jitter_ms + _CODING_MS
    felt = 0.024 * delay + 0.11 * max(delay - _FELT_MS, 0.0)
    spoilt = 95 * loss / (loss + _ROBUSTNESS)
    r = min(max(_PERFECT - felt - spoilt, _LEAST_R), _MOST_R)
    return round(1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6, 1)


def _percent(lost: float, counted: float, *, of_all: bool = False) -> float:
    """Return what share was lost: of those counted and lost together, or, when `counted` are all, of them."""
    total = counted if of_all else counted + lost
    return min(100.0, 100 * lost / total) if total else 0.0
