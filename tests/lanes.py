"""Which tests with real engines, editors and clients share a worker, and which of them start first.

What is expensive is started once for a session or a module; `pytest -n 2 --dist loadgroup --no-loadscope-reorder`
keeps those that share it on one worker and hands groups out in the order of their tests here.
"""

from __future__ import annotations

from pathlib import Path

import pytest

# Fixtures of a whole session that cost an engine or a server, beside the name of the group that shares them.
SHARED = {"tools": "vscode", "client_server": "clients"}
# Those that take longest begin first, so that no worker is left with one of them at the end.
LONGEST_FIRST = ("vscode", "test_pre_commit", "test_vllm_e2e", "test_nvim", "test_adapt_e2e")


def group_of(item: pytest.Item) -> str:
    """The tests of one file, or of several that share something."""
    needed = getattr(item, "fixturenames", ())
    return next((group for fixture, group in SHARED.items() if fixture in needed), item.path.stem)


def put_into_lanes(items: list[pytest.Item]) -> None:
    """Mark all tests that are real by their groups, and sort them."""
    real = [item for item in items if item.get_closest_marker("e2e")]
    for item in real:
        item.add_marker(pytest.mark.xdist_group(group_of(item)))
    first_seen = {group: place for place, group in reversed(list(enumerate(map(group_of, real))))}
    ranks = {group: rank for rank, group in enumerate(LONGEST_FIRST)}
    order = sorted(real, key=lambda item: (ranks.get(group_of(item), len(ranks)), first_seen[group_of(item)]))
    others = [item for item in items if not item.get_closest_marker("e2e")]
    items[:] = [*order, *others]


def has_real_tests(file: Path) -> bool:
    return b"mark.e2e" in file.read_bytes()
