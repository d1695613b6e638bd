"""Tests with real parts are shared out between workers so that nothing expensive starts twice."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.lanes import has_real_tests, lane_of

TESTS = Path(__file__).parent


@pytest.mark.parametrize(
    ("node_id", "lane"),
    [
        ("tests/e2e/test_vscode_menu.py::test_statistics_are_shown", "Visual Studio Code"),
        ("tests/e2e/test_dashboard.py::test_a[b::c.py]", "Visual Studio Code"),
        ("tests/e2e/test_client_aider.py::test_x", "client_server"),
        ("tests/engine/test_scoring_e2e.py::test_x", "adaptable_engine"),
        ("tests/server/test_serve_e2e.py::test_x[a]", "living_server"),
        ("tests/e2e/test_nvim.py::test_x", "test_nvim"),
        ("tests/e2e/test_nvim_server.py::test_x", "test_nvim_server"),
    ],
)
def test_files_that_share_something_are_in_one_lane(node_id: str, lane: str) -> None:
    assert lane_of(node_id) == lane


def _asks(file: Path) -> set[str]:
    """Names of the arguments of a file's functions: the fixtures that it asks for."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return {argument.arg for function in functions for argument in function.args.args}


@pytest.mark.parametrize("fixture", ["adaptable_engine", "browser", "client_server", "living_server"])
def test_who_asks_for_a_fixture_of_the_session_is_in_its_lane(fixture: str) -> None:
    asking = [file for file in TESTS.rglob("test_*.py") if fixture in _asks(file)]
    assert len(asking) > 1
    assert len({lane_of(str(file)) for file in asking}) == 1


def test_files_of_fast_tests_need_not_be_imported_for_the_others() -> None:
    assert has_real_tests(TESTS / "e2e" / "test_nvim.py")
    assert not has_real_tests(TESTS / "test_architecture.py")
