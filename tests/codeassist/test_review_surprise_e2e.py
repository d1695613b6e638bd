"""The shipped model finds an obvious wrong variable, and is quiet about the same code without it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from codeassist.assistant import Assistant, open_index
from codeassist.engine.choose import open_embedded
from codeassist.review.changes import ChangedFile, Changes
from codeassist.review.passes.surprise import surprise_pass
from codeassist.review.passes.types import Deadline, Found, Review
from codeassist.review.tree import ReviewedTree
from codeassist.settings import EngineSettings, IndexSettings, Settings

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

CODE = '''\
"""Reads the settings of a program."""

import json
from pathlib import Path


def read_settings(path: Path, defaults: dict[str, str]) -> dict[str, str]:
    """The settings of a file, and the defaults of what it does not say."""
    text = path.read_text(encoding="utf-8")
    settings = json.loads(text)
    for name, value in defaults.items():
        if name not in settings:
            settings[name] = value
    return settings
'''
RIGHT, WRONG = "settings = json.loads(text)", "settings = json.loads(path)"


@pytest.fixture
async def assistant(tmp_path: Path) -> AsyncIterator[Assistant]:
    root = tmp_path / "repo"
    root.mkdir()
    index = IndexSettings(vectors=False, dependencies=False, directory=str(tmp_path / "indexes"))
    engine = open_embedded(replace(EngineSettings(), kv_cache_gib=0.5))
    assistant = Assistant(Settings(), root, engine, open_index(index, root))
    await assistant.start_engine()
    yield assistant
    await assistant.close()


async def look(assistant: Assistant, text: str) -> Found:
    changes = Changes("staged changes", (ChangedFile("reading.py", "added", new_text=text),))
    tree = ReviewedTree(assistant.workspace, changes)
    return await surprise_pass(Review(changes, tree, assistant.index, Deadline(time.monotonic() + 60), assistant))


async def test_a_wrong_variable_is_found_and_its_clean_twin_is_not(assistant: Assistant) -> None:
    assert await look(assistant, CODE) == Found()
    found = await look(assistant, CODE.replace(RIGHT, WRONG))
    assert found.is_complete
    (finding,) = found.findings
    assert finding.start_line == CODE[: CODE.index(RIGHT)].count("\n") + 1
    assert finding.replacement is not None
    assert finding.replacement.text.strip() == RIGHT
