"""The page's merge patch is that of RFC 7396, whose appendix A this is."""

import json
import subprocess
from typing import Any

import pytest
from panel_server import WEB

CASES: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.asyncio(loop_scope="session")
async def test_the_examples_of_rfc_7396() -> None:
    script = f"""
      import {{ mergePatch }} from {json.dumps((WEB / "src/core/merge.js").as_uri())};
      const cases = {json.dumps(CASES)};
      console.log(JSON.stringify(cases.map(([target, patch]) => mergePatch(target, patch))));
    """
    done = subprocess.run(  # noqa: ASYNC221  # nothing else runs
        ["node", "--input-type=module", "-e", script], capture_output=True, text=True, check=True, timeout=20
    )
    assert json.loads(done.stdout) == [wanted for _, _, wanted in CASES]
