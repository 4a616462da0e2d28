"""The difference of two documents, applied, gives the second."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.panel.merge import difference, same

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["", "a", "中"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3)


def apply(target: Any, patch: Any) -> Any:  # noqa: ANN401
    """RFC 7396, section 2."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = apply(merged.get(name), value)
    return merged


def without_null(value: Any) -> Any:  # noqa: ANN401
    """As a reader sees it, to whom null and absent are the same."""
    if isinstance(value, dict):
        return {name: without_null(inner) for name, inner in value.items() if inner is not None}
    return value


@given(DOCUMENTS, DOCUMENTS)
def test_the_difference_applied_gives_the_new_document(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert same(without_null(apply(old, difference(old, new))), without_null(new))
    assert difference(new, new) == {}


@pytest.mark.parametrize(
    ("old", "new", "patch"),
    [
        ({"a": 1}, {"a": 1}, {}),
        ({"a": 1}, {"a": True}, {"a": True}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, {"a": {"c": 3}}),
        ({"a": {"b": 1}}, {"a": {"b": None}}, {"a": {"b": None}}),
        ({"a": {"b": 1}}, {}, {"a": None}),
        ({"a": [1, 2]}, {"a": [1, 3]}, {"a": [1, 3]}),
        ({}, {"a": None}, {}),
    ],
)
def test_only_what_changed_is_sent(old: dict[str, Any], new: dict[str, Any], patch: dict[str, Any]) -> None:
    assert difference(old, new) == patch
