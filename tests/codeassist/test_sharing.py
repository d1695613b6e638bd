"""What several workspaces of one process have in common."""

from __future__ import annotations

import gc
from dataclasses import replace
from pathlib import Path

from codeassist.assistant import open_assistant
from codeassist.engine.scripted import SCRIPTED_INFO, ScriptedEngine
from codeassist.settings import IndexSettings, Settings
from codeassist.sharing import Shared
from tests.codeassist.conftest import build_tokenizer


class Thing:
    """Something that is read from a file."""

    def __init__(self, path: Path) -> None:
        self.path = path


def test_a_value_is_made_once_for_each_path_as_long_as_somebody_has_it() -> None:
    made: list[Path] = []

    def make(path: Path) -> Thing:
        made.append(path)
        return Thing(path)

    shared = Shared(make)
    first, other = shared.get(Path("/a")), shared.get(Path("/b"))
    assert shared.get(Path("/a")) is first
    assert other is not first
    del first
    gc.collect()
    assert shared.get(Path("/a")).path == Path("/a")
    assert made == [Path("/a"), Path("/b"), Path("/a")]


async def test_two_workspaces_share_engine_and_tokenizer_and_one_may_leave(tmp_path: Path) -> None:
    build_tokenizer(tmp_path / "tokenizer.json")
    engine = ScriptedEngine(["x"], info=replace(SCRIPTED_INFO, tokenizer=tmp_path / "tokenizer.json"))
    settings = Settings(index=IndexSettings(directory=str(tmp_path / "index"), vectors=False))
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    one, two = (open_assistant(settings, tmp_path / name, engine=engine) for name in ("one", "two"))
    assert one.completer._tokenizer is two.completer._tokenizer
    await one.start_engine()
    await one.leave()
    await one.leave()
    assert engine.status.state == "ready"
    assert await two.search("anything", 3) == []
    await two.close()
    assert engine.status.state == "stopped"
