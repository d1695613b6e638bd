"""Which tests with real engines, editors and clients share a worker, and which of them start first.

What is expensive is started once for a session or a module. `pytest -n 2 --dist loadfile --no-loadscope-reorder` has a
worker take the tests of one file, or of several that share something, and the longest first.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from xdist.scheduler import LoadScopeScheduling

# How the names of files begin whose tests share a fixture of the whole session.
_SHARING = {
    "Visual Studio Code": ("test_vscode", "test_dashboard"),
    "client_server": ("test_client_",),
    "adaptable_engine": ("test_adapt_served_e2e", "test_adapters_e2e", "test_scoring_e2e"),
    "living_server": ("test_chat_e2e", "test_model_review_e2e", "test_serve_e2e"),
}
# So that no worker is left with one of them at the end.
_LONGEST_FIRST = (
    "Visual Studio Code",
    "test_pre_commit",
    "test_vllm_e2e",
    "adaptable_engine",
    "test_nvim",
    "test_adapt_e2e",
    "living_server",
    "test_mtp_measure_e2e",
)


class LaneScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Tests that share something go to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        return lane_of(nodeid)


def lane_of(node_id: str) -> str:
    """What the tests of a file share."""
    stem = PurePosixPath(node_id.partition("::")[0]).stem
    return next((lane for lane, names in _SHARING.items() if stem.startswith(names)), stem)


def put_in_order(items: list[pytest.Item]) -> None:
    """Sort tests with real parts by lane, the longest first; the others stay where they are, behind them."""
    real = [item for item in items if item.get_closest_marker("e2e")]
    lanes = list(dict.fromkeys(lane_of(item.nodeid) for item in real))
    ranks = {lane: rank for rank, lane in enumerate(dict.fromkeys([*_LONGEST_FIRST, *lanes]))}
    real.sort(key=lambda item: ranks[lane_of(item.nodeid)])
    items[:] = [*real, *(item for item in items if not item.get_closest_marker("e2e"))]


def has_real_tests(file: Path) -> bool:
    return b"mark.e2e" in file.read_bytes()
