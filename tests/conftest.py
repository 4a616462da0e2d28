"""Fixtures that every test may use."""

import os
import tempfile

import hypothesis

pytest_plugins = ["database"]
#: The keys of recordings that a test makes are nobody's: they never lie in the home of whoever runs it.
_STATE = tempfile.TemporaryDirectory(prefix="callcenter-test-state-")
os.environ["XDG_STATE_HOME"] = _STATE.name
# How long one example takes says more about what else the machine does than about the rule.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")
