"""Fixtures that every test may use."""

import os
import tempfile

import hypothesis
import structlog

pytest_plugins = ["database"]
#: The keys of recordings that a test makes are nobody's: they never lie in the home of whoever runs it.
_STATE = tempfile.TemporaryDirectory(prefix="callcenter-test-state-")
os.environ["XDG_STATE_HOME"] = _STATE.name
# How long one example takes says more about what else the machine does than about the rule.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")
# Tracebacks as Python prints them: drawing boxes with every frame's code around takes longer than most tests.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)
