"""The difference of two JSON documents as a JSON Merge Patch (RFC 7396). Pure.

A merge patch cannot say "becomes null": null in it removes the member. So in the live document null and absent mean
the same, and a reader treats them so.
"""

from typing import Any

Json = Any


def difference(old: dict[str, Json], new: dict[str, Json]) -> dict[str, Json]:
    """Return the smallest merge patch that makes `old` into `new`; empty when they are the same."""
    patch: dict[str, Json] = {name: None for name, was in old.items() if was is not None and new.get(name) is None}
    for name, value in new.items():
        was = old.get(name)
        if value is None:
            continue
        if isinstance(value, dict) and isinstance(was, dict):
            if inner := difference(was, value):
                patch[name] = inner
        elif not same(was, value):
            patch[name] = value
    return patch


def same(one: Json, other: Json) -> bool:
    """Whether two JSON values are the same; unlike in Python, true is not 1."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
    return bool(one == other)
