"""The hold music: a minute of plucked notes over slow chords, composed here, so that nobody's rights are touched.

All of it lies between 160 and 1,400 Hz: inside what a telephone carries, and never shrill.
"""

import hashlib
import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

from callcenter.asterisk.sound_tools import RATE, run_tool

#: Seconds that one bar lasts; sixteen of them are the loop.
BAR_SECONDS = 3.75
#: Seconds that a note may ring into the next bar.
_RING = 1.2
_STEPS = 6
_CHORDS = {
    "C": ("C4", "E4", "G4", "C5"),
    "G": ("B3", "D4", "G4", "B4"),
    "Am": ("A3", "C4", "E4", "A4"),
    "F": ("A3", "C4", "F4", "A4"),
    "Dm": ("A3", "D4", "F4", "A4"),
    "Em": ("B3", "E4", "G4", "B4"),
}
#: Which notes of the chord are plucked, one after another, in each bar.
_ARPEGGIO = (0, 2, 1, 3, 1, 2)
#: Chord of each bar, and the melody above it: notes at the first and the fourth step.
_BARS = (
    ("C", "E5", "G5"),
    ("Am", "C5", "E5"),
    ("F", "A5", "F5"),
    ("G", "D5", "G5"),
    ("C", "E5", "C5"),
    ("Em", "B4", "G5"),
    ("F", "A5", "C5"),
    ("G", "B4", "D5"),
    ("Am", "C5", "A4"),
    ("Em", "G5", "E5"),
    ("F", "F5", "A5"),
    ("C", "G5", "E5"),
    ("Dm", "D5", "F5"),
    ("Am", "E5", "C5"),
    ("G", "D5", "B4"),
    ("C", "C5", "E5"),
)
_WARMTH = ("lowpass", "1800", "reverb", "35", "60", "60", "100", "10")
_LEVEL = ("gain", "-n", "-9")


def ensure(folder: Path) -> Path:
    """Make the loop in `folder` unless it is there already; its name carries a digest of the score. Returns it."""
    recipe = json.dumps([BAR_SECONDS, _RING, _CHORDS, _ARPEGGIO, _BARS, _WARMTH, _LEVEL])
    target = folder / f"hold-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}.wav"
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".making-") as scratch:
            _play(Path(scratch)).replace(target)
        for stale in set(folder.glob("hold-*.wav")) - {target}:
            stale.unlink()
    return target


def _play(scratch: Path) -> Path:
    bars = [scratch / f"bar-{at:02}.wav" for at in range(len(_BARS))]
    with ThreadPoolExecutor() as workers:
        list(workers.map(_play_bar, range(len(_BARS)), bars))
    made = scratch / "made.wav"
    length = BAR_SECONDS * len(_BARS)
    edges = ("fade", "h", "0.05", str(length), "0.6")
    run_tool(
        ["sox", "-V1", "-D", "-m", *map(str, bars), "-b", "16", str(made), *_WARMTH, "remix", "-", *edges, *_LEVEL]
    )
    return made


def _play_bar(at: int, bar: Path) -> None:
    """Write bar `at` of the score, with the silence before it, so that mixing all bars is the whole."""
    chord, first, fourth = _BARS[at]
    step = BAR_SECONDS / _STEPS
    plucked = [(_CHORDS[chord][note], when * step) for when, note in enumerate(_ARPEGGIO)]
    sung = [(first, 0.0), (fourth, 3 * step)]
    notes = [*(("pluck", note, when) for note, when in plucked), *(("pluck", note, when) for note, when in sung)]
    length = str(BAR_SECONDS + _RING)
    synth = ("synth", length, *chain.from_iterable((kind, note) for kind, note, _ in notes))
    delays = ("delay", *(str(round(when, 3)) for _, _, when in notes))
    end = ("trim", "0", length, "fade", "h", "0.01", length, str(_RING), "pad", str(at * BAR_SECONDS), "0")
    run_tool(["sox", "-V1", "-R", "-n", "-r", str(RATE), "-b", "32", str(bar), *synth, *delays, "remix", "-", *end])
