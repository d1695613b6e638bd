"""What an agent is told, from a real index of a small repository."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from codeassist.agents.tools import NO_MAP, NO_NAME, NO_QUERY, UNFINISHED, AgentTools
from indexer.errors import IndexClosed, IndexUnavailable
from indexer.index import CodeIndex
from indexer.types import IndexReport, ProgressCallback

HALF = "\ud83d"


class WatchedIndex(CodeIndex):
    """Counts refreshes; until `gate` is set, each waits at its end. `trouble` is raised instead of refreshing."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.n_refreshes = 0
        self.read = threading.Event()
        self.gate = threading.Event()
        self.gate.set()
        self.trouble: Exception | None = None

    def refresh(self, progress: ProgressCallback | None = None) -> IndexReport:
        self.n_refreshes += 1
        if self.trouble is not None:
            raise self.trouble
        report = super().refresh(progress)
        self.read.set()
        assert self.gate.wait(20)
        if self._store.is_closed:
            raise IndexClosed("the index was closed while it was brought up to date")
        return report

    def close(self) -> None:
        super().close()
        self.gate.set()


@pytest.fixture
def index(project: Path, tmp_path: Path) -> Iterator[WatchedIndex]:
    opened = WatchedIndex.open(project, directory=tmp_path / "index", embedder=None)
    assert isinstance(opened, WatchedIndex)
    yield opened
    opened.close()


@pytest.fixture
def tools(index: WatchedIndex) -> AgentTools:
    return AgentTools(index)


async def test_a_symbol_is_shown_with_its_head_and_its_documentation(tools: AgentTools) -> None:
    assert (
        await tools.find_symbol("covered_area")
        == '''shapes.py:10-12  (method of Circle)
def covered_area(self) -> float:
    """How much a circle covers."""
    ...'''
    )


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("make_circle", "shapes.py:15-16"),
        (" make_circle() ", "shapes.py:15-16"),
        ("MAKE_CIRCLE", "shapes.py:15-16"),
        ("mkc", ""),
        ("mc", "shapes.py:15-16"),
        ("Circle.covered_area", "shapes.py:10-12"),
        ("Circle.cov", "shapes.py:10-12"),
        ("circle", "shapes.py:4-12"),
        ("Square.covered_area", ""),
    ],
)
async def test_a_symbol_is_found_however_it_is_spelled(tools: AgentTools, name: str, place: str) -> None:
    answer = await tools.find_symbol(name)
    assert answer.startswith(f"{place}  (" if place else "No definition is named")


async def test_usages_are_lines_those_of_tests_last(tools: AgentTools) -> None:
    assert (
        await tools.find_usages("covered_area")
        == """report.py:5: return sum(circle.covered_area() for circle in circles)
report.py:9: return make_circle(1).covered_area()
tests/test_report.py:7: assert total_area([circle]) == circle.covered_area()"""
    )


async def test_usages_of_a_member_are_those_of_its_bare_name(tools: AgentTools) -> None:
    assert await tools.find_usages("Circle.covered_area()") == await tools.find_usages("covered_area")


async def test_code_is_shown_with_its_place_and_why_it_was_found(tools: AgentTools) -> None:
    first, *code = (await tools.search_code("how much a circle covers", 1)).split("\n")
    assert first.startswith("shapes.py:")
    assert "        return 3.14159 * self.radius**2" in code


async def test_the_map_shows_what_other_files_use(tools: AgentTools) -> None:
    assert (
        await tools.repository_map()
        == """shapes.py
    4: class Circle
   10:   def covered_area(self) -> float  (Circle)
   15: def make_circle(radius: float) -> Circle"""
    )


async def test_the_map_is_drawn_from_the_files_in_focus(tools: AgentTools, project: Path) -> None:
    drawn = await tools.repository_map(focus=["tests/test_report.py"])
    assert "report.py\n    4: def total_area" in drawn
    for spelled in (
        "./tests/test_report.py",
        str(project / "tests" / "test_report.py"),
        "tests/../tests/test_report.py",
    ):
        assert await tools.repository_map(focus=[spelled]) == drawn


async def test_files_that_the_map_cannot_be_drawn_from_are_named(tools: AgentTools) -> None:
    drawn = await tools.repository_map(focus=["gone.py", "", "/etc/passwd\0", HALF, "report.py"])
    note, _, rest = drawn.partition("\n\n")
    assert note.startswith("Not in the index, so the map is not drawn from there: 'gone.py', ")
    assert rest == await tools.repository_map(focus=["report.py"])


async def test_a_map_of_files_that_use_nothing_of_each_other_says_so(tools: AgentTools, project: Path) -> None:
    for name in ("report.py", "tests/test_report.py"):
        (project / name).unlink()
    assert await tools.repository_map() == NO_MAP


@pytest.mark.parametrize("max_tokens", [-1, 0, 1, 5])
async def test_a_budget_that_holds_no_definition_is_told(tools: AgentTools, max_tokens: int) -> None:
    assert await tools.repository_map(max_tokens) == f"No definition fits into {max(max_tokens, 1)} tokens."


NAMELESS = ["", "   ", "\n", "()", "."]


@pytest.mark.parametrize("text", NAMELESS[:3])
async def test_an_empty_question_costs_no_refresh(tools: AgentTools, index: WatchedIndex, text: str) -> None:
    assert await tools.search_code(text) == NO_QUERY
    assert index.n_refreshes == 0


@pytest.mark.parametrize("text", NAMELESS)
async def test_usages_of_no_name_are_not_looked_up(tools: AgentTools, text: str) -> None:
    assert await tools.find_usages(text) == NO_NAME


@pytest.mark.parametrize("text", NAMELESS[:4])
async def test_no_name_is_not_looked_up(tools: AgentTools, text: str) -> None:
    assert await tools.find_symbol(text) == NO_NAME


QUESTIONS: dict[str, Callable[[AgentTools, str], Any]] = {
    "search_code": lambda tools, text: tools.search_code(text),
    "find_symbol": lambda tools, text: tools.find_symbol(text),
    "find_usages": lambda tools, text: tools.find_usages(text),
    "repository_map": lambda tools, text: tools.repository_map(mentioned=[text], focus=[text]),
}
each_question = pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS)


@each_question
@pytest.mark.parametrize(
    "text",
    [HALF, f"area {HALF}", "nul\0byte", "%_%", '"quoted" OR (', "ünïcode 名前", "a.b::c->d#e", "'; DROP TABLE files"],
)
async def test_no_text_is_too_odd_to_be_answered(
    tools: AgentTools, ask: Callable[[AgentTools, str], Any], text: str
) -> None:
    answer = await ask(tools, text)
    assert answer
    answer.encode("utf-8")
    assert "shapes.py:4" in await tools.find_symbol("Circle")


@each_question
@pytest.mark.parametrize("text", ["x" * 100_000, "word " * 50_000, "a%" * 60_000])
async def test_a_very_long_text_gets_a_short_answer_and_leaves_the_index_whole(
    tools: AgentTools, ask: Callable[[AgentTools, str], Any], text: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert len(await ask(tools, text)) < 1_000
    await tools.find_symbol("Circle")
    assert not [record for record in caplog.records if "damaged" in record.getMessage()]


async def test_usages_tell_heirs_and_other_names(tools: AgentTools, project: Path) -> None:
    (project / "heirs.py").write_text("from shapes import Circle as Ring\n\n\nclass Wheel(Ring): ...\n")
    lines = (await tools.find_usages("Circle")).split("\n")
    assert "heirs.py:1: from shapes import Circle as Ring  (imports Circle, here `Ring`)" in lines
    assert "heirs.py:4: class Wheel(Ring): ...  (inherits from Circle, here `Ring`)" in lines


@pytest.mark.parametrize(("limit", "n_lines"), [(-7, 1), (0, 1), (1, 1), (2, 2), (10**30, 3)])
async def test_a_limit_out_of_range_is_taken_to_its_end(tools: AgentTools, limit: int, n_lines: int) -> None:
    lines = (await tools.find_usages("covered_area", limit)).split("\n")
    assert len([line for line in lines if "covered_area" in line]) == n_lines
    assert (await tools.find_symbol("Circle", limit)).count("shapes.py:") == 1
    assert (await tools.search_code("circle", limit)).count("shapes.py:") >= 1


async def test_an_answer_that_was_cut_says_so(tools: AgentTools) -> None:
    assert (await tools.find_usages("covered_area", 2)).endswith("\n(There are more, beyond this limit of 2.)")
    assert "There are more" not in await tools.find_usages("covered_area", 3)
    assert (await tools.find_symbol("area", 1)).endswith("\n\n(There are more, beyond this limit of 1.)")


async def test_what_is_not_there_is_told_with_its_name(tools: AgentTools) -> None:
    assert (await tools.find_symbol("Zebra")).startswith("No definition is named 'Zebra', or like it.")
    assert (await tools.find_usages("Zebra")).startswith("Nothing is known to use 'Zebra'")
    assert await tools.search_code("zebra") == "Nothing was found for 'zebra'."


async def test_an_edit_right_after_an_answer_is_seen_by_the_next_question(tools: AgentTools, project: Path) -> None:
    assert "No definition" in await tools.find_symbol("added_late")
    (project / "late.py").write_text("def added_late():\n    return 1\n")
    assert (await tools.find_symbol("added_late")).startswith("late.py:1")
    (project / "late.py").unlink()
    assert "No definition" in await tools.find_symbol("added_late")


async def test_questions_at_once_share_one_refresh(tools: AgentTools, index: WatchedIndex) -> None:
    answers = await asyncio.gather(
        tools.find_symbol("Circle"), tools.find_usages("Circle"), tools.search_code("circle"), tools.repository_map()
    )
    assert all("shapes.py" in answer or "report.py" in answer for answer in answers)
    assert index.n_refreshes == 1


async def test_the_first_index_is_begun_before_anybody_asks(tools: AgentTools, index: WatchedIndex) -> None:
    tools.begin()
    assert await asyncio.to_thread(index.read.wait, 20)
    assert index.symbols("Circle")


async def test_questions_while_a_refresh_runs_share_the_next_and_see_what_was_saved_meanwhile(
    tools: AgentTools, index: WatchedIndex, project: Path
) -> None:
    index.gate.clear()
    early = asyncio.create_task(tools.find_symbol("Circle"))
    assert await asyncio.to_thread(index.read.wait, 20)
    (project / "late.py").write_text("def added_late():\n    return 1\n")
    late = [asyncio.create_task(tools.find_symbol("added_late")) for _ in range(3)]
    await asyncio.sleep(0)
    index.gate.set()
    assert "shapes.py:4" in await early
    assert [answer.partition(" ")[0] for answer in await asyncio.gather(*late)] == ["late.py:1-2"] * 3
    assert index.n_refreshes == 2


async def test_a_slow_refresh_is_not_waited_for_longer_than_patience(index: WatchedIndex) -> None:
    index.gate.clear()
    hasty, patient = AgentTools(index, patience_s=0), AgentTools(index)
    assert (await hasty.find_symbol("Zebra")).startswith(f"{UNFINISHED}\n\nNo definition is named 'Zebra'")
    index.gate.set()
    assert "shapes.py:4" in await patient.find_symbol("Circle")
    assert UNFINISHED not in await patient.find_symbol("Circle")
    await hasty.close()


@pytest.mark.parametrize(
    "trouble", [IndexUnavailable("another process holds it"), PermissionError(13, "Permission denied", "/x/\udcff")]
)
async def test_a_refresh_that_fails_is_told_and_the_question_answered_all_the_same(
    tools: AgentTools, index: WatchedIndex, trouble: Exception
) -> None:
    await tools.find_symbol("Circle")
    index.trouble = trouble
    answer = await tools.find_symbol("Circle")
    note, _, rest = answer.partition("\n\n")
    assert note.startswith("The index could not be brought up to date: ")
    assert rest.startswith("shapes.py:4")
    answer.encode("utf-8")
    index.trouble = None
    assert (await tools.find_symbol("Circle")).startswith("shapes.py:4")


async def test_a_bug_in_a_refresh_fails_every_question_that_waited_and_no_later_one(
    tools: AgentTools, index: WatchedIndex
) -> None:
    index.trouble = RuntimeError("a bug")
    answers = await asyncio.gather(tools.find_symbol("Circle"), tools.repository_map(), return_exceptions=True)
    assert [type(answer) for answer in answers] == [RuntimeError, RuntimeError]
    index.trouble = None
    assert "shapes.py:4" in await tools.find_symbol("Circle")


async def test_closing_ends_a_refresh_and_the_questions_that_wait_for_it(
    tools: AgentTools, index: WatchedIndex
) -> None:
    index.gate.clear()
    question = asyncio.create_task(tools.find_symbol("Circle"))
    assert await asyncio.to_thread(index.read.wait, 20)
    await tools.close()
    with pytest.raises(IndexClosed):
        await question
    await tools.close()
