"""Set-up in one command: `python3 -m callcenter.bootstrap` gets what is missing, and only that.

Standard library only: it runs under the system's Python before anything else is there.
"""

import sys

# The modules below need 3.11 and would fail on an older Python with words that help nobody.
if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(f"set-up: Python {sys.version.split()[0]} is too old; 3.11 or newer is needed")
