"""The surprise pass of a review: what it asks of which engine, what it tells, and what it leaves alone."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from opinions import Opinions, scored

from codeassist.assistant import Assistant, open_index
from codeassist.engine.scripted import SCRIPTED_INFO, Answer, ScriptedEngine
from codeassist.errors import EngineCrashed
from codeassist.review.changes import ChangedFile, Changes
from codeassist.review.passes.surprise import surprise_pass
from codeassist.review.passes.types import Deadline, Found, Review
from codeassist.review.reviewer import Limits, run_review
from codeassist.review.tree import ReviewedTree
from codeassist.settings import IndexSettings, ReviewSettings, Settings
from codeassist.tokenizer import FileTokenizer
from codeassist.types import GenerationRequest, Priority, Token

CODE = """\
import sums


def total(values, limit):
    result = 0
    for value in values:
        result = result + limit
    return result
"""
EXPECTS_VALUE = {"result +": " value"}


class World:
    """A workspace, and a change in it."""

    def __init__(self, root: Path, tokenizer_file: Path) -> None:
        self.root = root / "repo"
        self.root.mkdir()
        self.tokenizer_file = tokenizer_file
        self.tokenizer = FileTokenizer(tokenizer_file)
        self.index_settings = IndexSettings(vectors=False, dependencies=False, directory=str(root / "indexes"))
        self.index = open_index(self.index_settings, self.root)
        self.opinions: Opinions = EXPECTS_VALUE
        self.engine = self.made_engine()

    def made_engine(self, script: Sequence[str | Answer] = ("x",), *, supports_scoring: bool = True) -> ScriptedEngine:
        info = replace(SCRIPTED_INFO, tokenizer=self.tokenizer_file, supports_scoring=supports_scoring)
        return ScriptedEngine(script, info=info, scores=self.scores)

    def scores(self, request: GenerationRequest) -> list[Token]:
        assert not isinstance(request.prompt, str)
        return scored(request.prompt, request.score_last, request.top_logprobs, self.opinions, self.tokenizer)

    def review(self, texts: dict[str, str], seconds: float = 60.0, tokens: int = 100_000) -> Review:
        files = tuple(ChangedFile(path, "added", new_text=text) for path, text in texts.items())
        changes = Changes("staged changes", files)
        assistant = Assistant(Settings(), self.root, self.engine, self.index)
        deadline = Deadline(time.monotonic() + seconds)
        settings = ReviewSettings(surprise_tokens=tokens)
        return Review(changes, ReviewedTree(self.root, changes), self.index, deadline, assistant, settings)

    async def look(self, texts: dict[str, str], seconds: float = 60.0, tokens: int = 100_000) -> Found:
        return await surprise_pass(self.review(texts, seconds, tokens))

    @property
    def prompts(self) -> str:
        """All that the engine was asked."""
        asked = (request.prompt for request in self.engine.requests)
        return "".join(self.tokenizer.decode(prompt) for prompt in asked if not isinstance(prompt, str))


@pytest.fixture
async def world(tmp_path: Path, tokenizer_file: Path) -> AsyncIterator[World]:
    world = World(tmp_path, tokenizer_file)
    await world.engine.start()
    yield world
    world.index.close()


async def test_a_wrong_variable_is_told_with_the_right_one(world: World) -> None:
    found = await world.look({"a.py": CODE})
    assert (found.note, found.is_complete) == ("", True)
    (finding,) = found.findings
    assert (finding.path, finding.start_line, finding.category) == ("a.py", 7, "surprise")
    assert finding.replacement is not None
    assert finding.replacement.text == "        result = result + value"
    assert {request.priority for request in world.engine.requests} == {Priority.REVIEW}
    assert all(request.score_last and request.max_tokens == 1 for request in world.engine.requests)


async def test_what_the_model_expects_is_told_nothing_of(world: World) -> None:
    found = await world.look({"a.py": CODE.replace("+ limit", "+ value")})
    assert found == Found()
    assert len(world.engine.requests) == 1


async def test_the_report_has_it_with_its_remedy_checked(world: World) -> None:
    report = await run_review(world.review({"a.py": CODE}), {"surprise": surprise_pass}, Limits(least_confidence=0.0))
    (finding,) = report.findings
    assert finding.found_by == "surprise"
    assert finding.replacement is not None


async def test_without_an_engine_that_is_ready_nothing_is_started(world: World) -> None:
    without = replace(world.review({"a.py": CODE}), assistant=None)
    assert "no engine is running" in (await surprise_pass(without)).note
    world.engine = world.made_engine()
    found = await world.look({"a.py": CODE})
    assert "no engine is running" in found.note
    assert (world.engine.status.state, world.engine.requests, found.is_complete) == ("stopped", [], True)


async def test_an_engine_that_cannot_score_is_not_asked(world: World) -> None:
    world.engine = world.made_engine(supports_scoring=False)
    await world.engine.start()
    found = await world.look({"a.py": CODE})
    assert "cannot score" in found.note
    assert found.is_complete
    assert not world.engine.requests


async def test_an_engine_that_dies_is_a_note(world: World) -> None:
    world.engine = world.made_engine([Answer("x", error=EngineCrashed("the engine died"))])
    await world.engine.start()
    found = await world.look({"a.py": CODE})
    assert (found.findings, found.note, found.is_complete) == ((), "ended: the engine died", False)


async def test_what_was_found_before_an_engine_dies_is_told(world: World) -> None:
    answers: list[str | Answer] = ["x"] * 30
    world.engine = world.made_engine([*answers, Answer("x", error=EngineCrashed("the engine died"))])
    await world.engine.start()
    found = await world.look({f"{name}.py": CODE for name in "abcdefghijklmnopqrstuvwxyz"})
    assert found.findings
    assert "the engine died" in found.note


async def test_withheld_files_reach_no_prompt(world: World) -> None:
    (world.root / ".codeassistignore").write_text("hidden.py\n")
    world.index.refresh()
    found = await world.look({"hidden.py": CODE, "b.py": "def f(one):\n    return 1\n"})
    assert found.findings == ()
    assert "result" not in world.prompts
    assert "def f(one)" in world.prompts


async def test_other_languages_and_texts_without_code_cost_nothing(world: World) -> None:
    found = await world.look({"a.md": "# x = 1\n", "b.py": "# nothing\n", "c.py": ""})
    assert (found, world.engine.requests) == (Found(), [])


async def test_a_carriage_return_within_a_line_moves_nothing(world: World) -> None:
    (finding,) = (await world.look({"a.py": CODE.replace("import sums", "import sums  # one\rtwo")})).findings
    assert finding.start_line == 7
    assert finding.replacement is not None
    assert finding.replacement.text == "        result = result + value"


async def test_a_budget_that_is_spent_is_said_and_no_lack(world: World) -> None:
    found = await world.look({"a.py": CODE}, tokens=10)
    assert (found.note, found.is_complete) == (
        "read 0 of 1 stretches of code: review.surprise_tokens allows no more", True,
    )  # fmt: skip


async def test_time_that_is_up_is_said(world: World) -> None:
    found = await world.look({"a.py": CODE}, seconds=-1.0)
    assert "time was up" in found.note
    assert not found.is_complete
    assert not world.engine.requests
