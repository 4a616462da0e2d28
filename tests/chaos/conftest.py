"""Chaos is played on the hotline of the journeys."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).absolute().parents[1] / "journeys"))
