"""Neovim in a terminal, the real Language Server and the shipped model: what a user sees."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from neovim_tools import VERSIONS, nvim_or_skip, tmux_or_skip
from nvim_session import Nvim, Server, clean_environment, editing
from shared_engine import shared_engine

from codeassist.engine.hardware import vllm_is_installed

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(600),  # a loaded machine takes minutes to start the engine
    pytest.mark.skipif(not vllm_is_installed(), reason="vLLM is not installed (extra `cpu` or `gpu`)"),
]

# The model is as good as sure of what repeats code that it can see.
ORDERS = '''"""Orders of a shop."""

import json


def total_price(items):
    total = 0
    for item in items:
        total += item.price * item.quantity
    return total


def total_weight(items):
    total = 0
    for item in items:
        total += item.weight * item.quantity
    return total


def load_orders(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)
'''
LOOP = "def total_volume(items):\n    total = 0\n    for item in items:\n        "
LATIN = 'def load_{name}(path):\n    with open(path, encoding="latin-1") as file:\n        return file.read()\n\n'
TEXT = f"{LOOP}total += item.volume * item.quantity\n    \n"
LINE = 5
GHOST = "return total"
FILES = (f"sample{n}.py" for n in itertools.count())


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "repository"
    folder.mkdir()
    subprocess.run(["git", "init", "-q", str(folder)], check=True, timeout=30)
    (folder / "orders.py").write_text(ORDERS, encoding="utf-8")
    (folder / "sample.py").write_text(TEXT, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def server(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("engine")
    with shared_engine(repository, folder, clean_environment(folder)) as environment:
        yield Server({}, environment)


@pytest.fixture(scope="module", params=VERSIONS)
def programs(request: pytest.FixtureRequest) -> tuple[str, str]:
    return nvim_or_skip(request.param), tmux_or_skip()


@pytest.fixture(scope="module")
def session(
    programs: tuple[str, str], server: Server, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Nvim]:
    with editing(programs, server, tmp_path_factory.mktemp("nvim"), repository / "sample.py") as nvim:
        nvim.ready()
        yield nvim


@pytest.fixture
def nvim(session: Nvim, repository: Path) -> Nvim:
    """An editor with TEXT in a new file of the repository."""
    session.press("Escape", "Escape")
    session.lua("vim.cmd('silent! only! | silent! %bwipeout!') return 1")
    session.open(repository / next(FILES), TEXT)
    return session


def ghost_is(nvim: Nvim, expected: list[str]) -> None:
    nvim.wait(lambda: nvim.ghost() == expected, f"ghost text {expected}")


def line_is(nvim: Nvim, expected: str, line: int = LINE) -> None:
    nvim.wait(lambda: nvim.lines()[line - 1] == expected, f"{expected!r} in line {line}")


def file_of(nvim: Nvim) -> Path:
    return Path(nvim.lua("vim.api.nvim_buf_get_name(0)"))


def generations(nvim: Nvim) -> list[str]:
    """What the server's log says of generations for this file that came to an end."""
    found = re.findall(rf"complete-\d+ {re.escape(file_of(nvim).name)}:\d+ .* out=[1-9].*", nvim.log())
    return [line for line in found if " reused " not in line]


def test_ghost_text_is_shown_taken_and_undone(nvim: Nvim) -> None:
    nvim.append(LINE, "r")
    ghost_is(nvim, [GHOST[1:]])
    nvim.wait(lambda: f"    {GHOST}\n" in nvim.screen(), "it on the screen")
    nvim.press("Tab")
    line_is(nvim, f"    {GHOST}")
    nvim.press("Escape", "u")
    line_is(nvim, "    r")


def test_typing_along_and_taking_words_keeps_it_without_another_generation(nvim: Nvim) -> None:
    nvim.append(LINE, "r")
    ghost_is(nvim, [GHOST[1:]])
    n_before = len(generations(nvim))
    nvim.type("et", pause_s=0.1)
    ghost_is(nvim, [GHOST[3:]])
    nvim.press("BSpace")
    ghost_is(nvim, [GHOST[2:]])
    nvim.press("M-Right")
    ghost_is(nvim, [" total"])
    assert len(generations(nvim)) == n_before
    nvim.press("M-C-Right")
    line_is(nvim, f"    {GHOST}")


def test_leaving_insert_mode_takes_it_away(nvim: Nvim) -> None:
    nvim.append(LINE, "r")
    ghost_is(nvim, [GHOST[1:]])
    nvim.press("Escape")
    ghost_is(nvim, [])


def test_of_a_storm_of_keys_at_most_two_generations_come_to_an_end(nvim: Nvim) -> None:
    nvim.open(file_of(nvim).with_name(next(FILES)), f"{LOOP}\n")
    nvim.append(4, "")
    n_before = len(generations(nvim))
    nvim.type("total += item.volume", pause_s=0.03)
    nvim.wait(nvim.ghost, "ghost text")
    assert len(generations(nvim)) - n_before <= 2


def test_what_is_not_saved_in_one_file_changes_the_suggestion_in_another(nvim: Nvim, repository: Path) -> None:
    def suggestion() -> str:
        nvim.open(repository / next(FILES), "def load_barrels(path):\n\n")
        nvim.append(2, "    with open(path, encoding=")
        nvim.wait(lambda: nvim.lines()[1].endswith("encoding="), "what is typed")
        nvim.press("M-\\")  # whether or not the model is sure
        return str(nvim.wait(nvim.ghost, "ghost text")[0])

    assert "utf-8" in suggestion()
    other = repository / next(FILES)
    nvim.open(other, "\n")
    lines = [line for name in ("kegs", "casks") for line in LATIN.format(name=name).split("\n")]
    nvim.lua(f"vim.api.nvim_buf_set_lines(0, 0, -1, false, vim.json.decode([==[{json.dumps(lines)}]==])) return 1")
    assert "latin-1" in suggestion()
    assert other.read_text(encoding="utf-8") == "\n"


def test_a_killed_server_comes_back(nvim: Nvim, repository: Path) -> None:
    pid = nvim.server_pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    nvim.append(LINE, "r")  # the editor goes on without it
    line_is(nvim, "    r")
    nvim.wait(lambda: nvim.server_pid() not in (None, pid), "another server")
    nvim.ready()
    # What a new process says to its first keys, before it has code of other files, may be typed over: that word stays
    # quiet then. A word in another file gets the same text as before.
    expected = [GHOST[1:]]
    for name in itertools.islice(FILES, 3):
        nvim.open(repository / name, TEXT)
        nvim.append(LINE, "r")
        with contextlib.suppress(AssertionError):
            nvim.wait(lambda: nvim.ghost() == expected, "ghost text", within_s=10)
            break
    ghost_is(nvim, expected)


def test_two_windows_show_it_where_the_cursor_is(nvim: Nvim, repository: Path) -> None:
    other = repository / next(FILES)
    other.write_text(TEXT, encoding="utf-8")
    nvim.command(f"vsplit {other}")
    nvim.wait(lambda: file_of(nvim) == other, "the second window")
    nvim.append(LINE, "r")
    ghost_is(nvim, [GHOST[1:]])
    nvim.press("Escape", "C-w", "w")
    nvim.wait(lambda: file_of(nvim) != other, "the first window")
    nvim.append(LINE, "r")
    ghost_is(nvim, [GHOST[1:]])
    nvim.wait(lambda: nvim.screen().count(GHOST) == 1, "it once on the screen")


def test_a_folder_over_a_link_and_from_elsewhere_in_a_second_editor(
    nvim: Nvim, programs: tuple[str, str], server: Server, repository: Path, tmp_path: Path
) -> None:
    link = tmp_path / "link"
    link.symlink_to(repository)
    name = next(FILES)
    (repository / name).write_text(TEXT, encoding="utf-8")
    with editing(programs, server, tmp_path / "nvim", link / name, cwd=Path("/")) as second:
        second.ready()
        for editor in (second, nvim):
            editor.append(LINE, "r")
        for editor in (second, nvim):
            ghost_is(editor, [GHOST[1:]])


def test_a_file_of_five_thousand_lines(nvim: Nvim, repository: Path) -> None:
    above = "".join(f"VALUE_{n} = {n}\n" for n in range(2500))
    nvim.open(repository / next(FILES), f"{above}\n\n{TEXT}\n\n{above.replace('VALUE', 'OTHER')}")
    nvim.append(2502 + LINE, "r")
    ghost_is(nvim, [GHOST[1:]])
    nvim.press("Tab")
    line_is(nvim, f"    {GHOST}", 2502 + LINE)


def test_dos_line_ends_tabs_and_emoji(nvim: Nvim, repository: Path) -> None:
    file = repository / next(FILES)
    nvim.open(file, f"# 😀 漢字\n{TEXT}".replace("    ", "\t"), newline="\r\n")
    assert nvim.lua("vim.bo.fileformat") == "dos"
    nvim.append(LINE + 1, "retu")
    ghost_is(nvim, ["rn total"])
    nvim.press("Tab")
    line_is(nvim, "\treturn total", LINE + 1)
    nvim.command("write")
    nvim.wait(lambda: b"\treturn total\r\n" in file.read_bytes(), "the file")
    assert b"\n" not in file.read_bytes().replace(b"\r\n", b"")
    file.unlink()  # the next editor would see it


def test_checkhealth_knows_model_and_index(nvim: Nvim) -> None:
    nvim.command("checkhealth codeassist")
    nvim.wait(lambda: any("Other plugins" in line for line in nvim.lines()), "the report")
    text = "\n".join(nvim.lines())
    assert re.search(r"engine: ready .*codeassist-deepseek-small", text)
    assert re.search(r"index: ready, \d+ files", text)
    assert "ERROR" not in text
