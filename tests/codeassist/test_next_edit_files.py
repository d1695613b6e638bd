"""The next edit in a workspace with an index: files that are not open, as they are on disk."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from codeassist.assistant import Assistant, open_assistant
from codeassist.engine.scripted import ScriptedEngine
from codeassist.next_edit.history import LineChange
from codeassist.next_edit.types import NextEdit
from codeassist.settings import IndexSettings, Settings
from codeassist.types import Cursor

SHOP = ["def price_of(order):\n", "    return order.price\n", ""]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    (folder / "build").mkdir(parents=True)
    (folder / "shop.py").write_text("".join(SHOP), encoding="utf-8")
    (folder / "main.py").write_bytes(b"from shop import price_of\r\n\r\n\r\nprint('\xc3\xa9', price_of(1))\r\n")
    (folder / ".gitignore").write_text("build/\n", encoding="utf-8")
    (folder / "build" / "copy.py").write_text("from shop import price_of\n", encoding="utf-8")
    subprocess.run(["git", "init", "-q", str(folder)], check=True, timeout=30)
    return folder


@pytest.fixture
async def assistant(repository: Path, tmp_path: Path) -> AsyncIterator[Assistant]:
    settings = Settings(index=IndexSettings(directory=str(tmp_path / "index"), vectors=False))
    made = open_assistant(settings, repository, engine=ScriptedEngine())
    await made.refresh()
    yield made
    await made.close()


async def ask(assistant: Assistant) -> NextEdit | None:
    """The function was just renamed in its document, which is not saved yet."""
    edited = [SHOP[0].replace("price_of", "cost_of"), *SHOP[1:]]
    assistant.next_edits.history.changed("shop.py", SHOP, edited, LineChange(0, 1, 1))
    document = assistant.document(assistant.workspace / "shop.py", "".join(edited))
    return await assistant.next_edits.ask(document, Cursor(0, 11), {}, invoked=True)


async def test_files_on_disk_follow_and_ignored_ones_do_not(assistant: Assistant) -> None:
    offer = await ask(assistant)
    assert offer is not None
    assert (offer.document.path, offer.document.newline, offer.start, offer.end, offer.text, offer.n_more) == (
        "main.py",
        "\r\n",
        Cursor(0, 17),
        Cursor(0, 25),
        "cost_of",
        1,
    )


async def test_a_file_that_changed_behind_the_index_is_seen_as_it_is(assistant: Assistant) -> None:
    (assistant.workspace / "main.py").write_text("x = 1\nfrom shop import price_of\n", encoding="utf-8")
    offer = await ask(assistant)
    assert offer is not None
    assert offer.start == Cursor(1, 17)


async def test_a_file_that_is_gone_is_left_out(assistant: Assistant) -> None:
    (assistant.workspace / "main.py").unlink()
    assert await ask(assistant) is None
