"""Ghost text in a real VS Code: the packed extension, the real server, the shipped model."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.vscode_pages import SEEN, WATCH
from tests.e2e.vscode_server import CodeServer
from tests.e2e.vscode_session import GHOST, MARK, SHAPES, TYPED
from tests.e2e.vscode_window import Browser, Window

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

LINE = f"    {TYPED}{GHOST}"


@pytest.fixture
def file(repository: Path, request: pytest.FixtureRequest) -> Path:
    """A file of its own for each test: nothing is reused from the last one's."""
    return repository / f"{request.node.name.removeprefix('test_')[:40]}.py"


def test_ghost_text_appears_and_tab_takes_it_and_undo_gives_it_back(window: Window, file: Path) -> None:
    window.write(file, SHAPES)
    window.type(TYPED)
    assert window.wait_ghost() == GHOST
    window.picture("ghost")
    window.press("Tab")
    window.wait(lambda: window.ghost() != GHOST and window.line(LINE), "the line with what was taken")
    window.save()
    assert file.read_text(encoding="utf-8") == SHAPES.replace(MARK, TYPED + GHOST)
    window.press("Control+z", "Escape")
    window.save()
    assert file.read_text(encoding="utf-8") == SHAPES.replace(MARK, TYPED)


def test_words_are_taken_one_by_one(window: Window, file: Path) -> None:
    window.write(file, SHAPES)
    window.type(TYPED)
    window.wait_ghost()
    window.press("Control+ArrowRight")
    rest = str(window.wait(lambda: window.ghost() not in ("", GHOST) and window.ghost(), "the rest of the ghost text"))
    assert GHOST.endswith(rest)
    taken = GHOST.removesuffix(rest)
    assert taken.startswith("perimeter")
    assert window.line(LINE) == LINE  # what was taken and the rest
    window.press("Tab")
    window.save()
    assert file.read_text(encoding="utf-8") == SHAPES.replace(MARK, TYPED + GHOST)


def test_typing_along_keeps_the_ghost_text_from_frame_to_frame(window: Window, file: Path) -> None:
    window.write(file, SHAPES)
    window.type(TYPED)
    window.wait_ghost()
    window.evaluate(WATCH, f"    {TYPED}".rstrip())
    window.type("perimet", 90)
    time.sleep(0.5)  # what would come late would be seen
    assert window.evaluate(SEEN) == [LINE]
    assert window.ghost() == GHOST.removeprefix("perimet")


def test_escape_sends_it_away_and_the_next_key_brings_it_back(window: Window, file: Path) -> None:
    window.write(file, SHAPES)
    window.type(TYPED)
    window.wait_ghost()
    window.press("Escape")
    window.wait(lambda: not window.ghost(), "the ghost text to go")
    window.type("p")
    window.wait(lambda: window.ghost() == GHOST[1:], "the ghost text again")


def test_of_twenty_keys_in_a_storm_at_most_two_generations_finish(
    window: Window, file: Path, code_server: CodeServer
) -> None:
    window.write(file, SHAPES)
    n_before = len(finished(code_server, file))
    window.type("xq_zw_kv_jy_hq_wz_vx", 30)
    settled(lambda: len(finished(code_server, file)))
    assert len(finished(code_server, file)) - n_before <= 2


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("crlf.py", lambda text: text.replace("\n", "\r\n")),
        ("tabs.py", lambda text: text.replace("    ", "\t")),
        ("emoji.py", lambda text: text.replace("Shapes", "Shapes é😀👩‍👩‍👧").replace("A circle", "A 😀 circle")),
        ("emoji_line.py", lambda text: text.replace(MARK, f"x = '😀é'; {MARK}")),
    ],
)
def test_line_ends_tabs_and_emoji_stay_what_they_are(
    window: Window, repository: Path, name: str, change: Callable[[str], str]
) -> None:
    file, text = repository / name, change(SHAPES)
    window.write(file, text)
    typed = "return self.rad" if "emoji_line" in name else TYPED
    window.type(typed)
    ghost = window.wait_ghost()
    window.press("Tab")
    window.wait(lambda: window.ghost() != ghost, "the ghost text to be taken")  # another may follow
    window.save()
    assert file.read_bytes().decode() == text.replace(MARK, typed + ghost)


def test_a_file_of_five_thousand_lines_gets_its_suggestion(window: Window, file: Path) -> None:
    functions = "".join(f"\n\ndef number_{i}() -> int:\n    return {i}\n\n" for i in range(840))
    window.write(file, functions + SHAPES.partition("\n\n\n")[2] + functions)
    assert file.read_text(encoding="utf-8").count("\n") > 5000
    window.type(TYPED)
    assert window.wait_ghost() == GHOST


def test_two_windows_are_served_at_a_time(
    window: Window, browser: Browser, code_server: CodeServer, repository: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "another"
    folder.mkdir()
    other = Window(browser, "other", code_server.url(folder), window.pictures)
    try:
        other.wait_ready()
        for one, place in ((window, repository), (other, folder)):
            one.write(place / "two_windows.py", SHAPES)
            one.type(TYPED)
        assert [window.wait_ghost(), other.wait_ghost()] == [GHOST, GHOST]
    finally:
        other.close()


def finished(code_server: CodeServer, file: Path) -> list[str]:
    """Lines of the log that tell of a generation for this file that was not given up."""
    told = rf"complete-\d+ (?:\S*/)?{re.escape(file.name)}:\d+ (?!reused).* out=[1-9]"
    return re.findall(told, code_server.logs())


def settled(count: Callable[[], int], rest_s: float = 2.0) -> None:
    """Wait until a count has not changed for a while."""
    last, since = count(), time.monotonic()
    for _ in itertools.count():
        time.sleep(0.1)
        if (now := count()) != last:
            last, since = now, time.monotonic()
        if time.monotonic() - since > rest_s:
            return
