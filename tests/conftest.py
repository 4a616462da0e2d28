"""Fixtures that every test may use."""

import os
import tempfile

pytest_plugins = ["database"]
#: The keys of recordings that a test makes are nobody's: they never lie in the home of whoever runs it.
_STATE = tempfile.TemporaryDirectory(prefix="callcenter-test-state-")
os.environ["XDG_STATE_HOME"] = _STATE.name
