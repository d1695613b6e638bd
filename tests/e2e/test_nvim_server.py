"""Neovim and the real Language Server, whose engine answers from a script: starting, dying, leaving, health."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from neovim_tools import VERSIONS, nvim_or_skip, tmux_or_skip
from nvim_session import WAIT_S, Nvim, Server, editing

from tests.codeassist.conftest import build_tokenizer

pytestmark = pytest.mark.e2e

GHOST = "len('😀') + abs(7)"
FILES = (f"sample{n}.py" for n in itertools.count())
TEXT = "# é😀\ndef add(a, b):\n    total = 'é😀' + \n"


@pytest.fixture(scope="module", params=VERSIONS)
def programs(request: pytest.FixtureRequest) -> tuple[str, str]:
    return nvim_or_skip(request.param), tmux_or_skip()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Server:
    folder = tmp_path_factory.mktemp("server")
    build_tokenizer(folder / "tokenizer.json")
    (folder / "script.jsonl").write_text(json.dumps(GHOST), encoding="utf-8")
    engine = {"kind": "scripted", "model": str(folder / "script.jsonl"), "tokenizer": str(folder / "tokenizer.json")}
    review = {"passes": ["static"]}
    settings = {"engine": engine, "index.vectors": False, "completion": {"min_confidence": 0.0}, "review": review}
    return Server(settings)


def made_repository(folder: Path) -> Path:
    folder.mkdir()
    subprocess.run(["git", "init", "-q", str(folder)], check=True, timeout=30)
    (folder / "sample.py").write_text(TEXT, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_repository(tmp_path_factory.mktemp("server") / "repository")


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
    session.lua("vim.cmd('silent! tabonly! | silent! only! | silent! %bwipeout!') return 1")
    session.open(repository / next(FILES), TEXT)
    session.lua("vim.cmd('messages clear') return 1")
    return session


def gone(pids: list[int]) -> None:
    deadline = time.monotonic() + WAIT_S
    while alive := [pid for pid in pids if Path(f"/proc/{pid}").exists()]:
        assert time.monotonic() < deadline, f"still running: {alive}"
        time.sleep(0.05)


def test_typing_shows_ghost_text_and_tab_takes_it(nvim: Nvim) -> None:
    nvim.append(3, "1 + ")
    nvim.wait(lambda: nvim.ghost() == [GHOST], "ghost text")
    nvim.press("Tab")
    nvim.wait(lambda: nvim.lines()[2] == f"    total = 'é😀' + 1 + {GHOST}", "it in the buffer")
    assert nvim.lines()[:2] == ["# é😀", "def add(a, b):"]
    nvim.wait(lambda: "accepted id=" in nvim.log(), "the server to hear of it")


def test_a_killed_server_comes_back_and_the_editor_works_meanwhile(nvim: Nvim) -> None:
    for attempt in range(2):
        pid = nvim.server_pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        nvim.wait(lambda: nvim.lua("vim.g.codeassist_status") == "stopped", "the end of the server")
        nvim.append(1, f"typed {attempt}")
        nvim.wait(lambda attempt=attempt: nvim.lines()[0].endswith(f"typed {attempt}"), "what is typed without it")
        nvim.press("Escape")
        nvim.ready()
        assert nvim.server_pid() not in (None, pid)
    assert "it starts again in 2 s" in nvim.messages()
    nvim.append(3, "1 + ")
    nvim.wait(lambda: nvim.ghost() == [GHOST], "ghost text")


def test_a_server_is_restarted_on_demand(nvim: Nvim) -> None:
    pid = nvim.server_pid()
    nvim.command("Codeassist restart")
    nvim.wait(lambda: nvim.server_pid() not in (None, pid), "another server")
    nvim.ready()
    assert "starts again" not in nvim.messages()


def test_leaving_the_editor_leaves_no_server(
    programs: tuple[str, str], server: Server, tmp_path: Path, repository: Path
) -> None:
    with editing(programs, server, tmp_path / "nvim", repository / "sample.py") as nvim:
        nvim.ready()
        pid = nvim.server_pid()
        assert pid is not None
        nvim.close()
        gone([pid])


def test_checkhealth_tells_what_is_there(nvim: Nvim) -> None:
    nvim.command("checkhealth codeassist")
    health = nvim.wait(
        lambda: [line for line in nvim.lines() if "Other plugins" in line] and nvim.lines(), "the report"
    )
    text = "\n".join(health)
    assert "ERROR" not in text
    assert "WARN" not in text
    for part in ("runs in ", "engine: ready", "index: ready, ", ".py: attached", "accept: <Tab>"):
        assert part in text


def test_checkhealth_names_other_plugins_and_keys_that_were_taken(nvim: Nvim) -> None:
    nvim.lua("vim.keymap.set('i', '<C-]>', 'x', { desc = 'of another' }) vim.g.loaded_copilot = 1 return 1")
    nvim.command("checkhealth codeassist")
    nvim.wait(lambda: any("copilot.vim draws ghost text as well" in line for line in nvim.lines()), "the other plugin")
    assert any("dismiss: <C-]> was mapped by another since: of another" in line for line in nvim.lines())


def test_dos_line_ends_and_tabs_stay_what_they_are(nvim: Nvim, repository: Path) -> None:
    file = repository / "dos.py"
    nvim.open(file, "def f():\n\tif True:\n\t\treturn \n", newline="\r\n")
    assert nvim.lua("vim.bo.fileformat") == "dos"
    nvim.append(3, "1 + ")
    nvim.wait(lambda: nvim.ghost() == [GHOST], "ghost text")
    nvim.press("Tab")
    nvim.wait(lambda: nvim.lines()[2] == f"\t\treturn 1 + {GHOST}", "it in the buffer")
    nvim.command("write")
    nvim.wait(lambda: GHOST in file.read_text(encoding="utf-8"), "the file")
    assert file.read_bytes() == f"def f():\r\n\tif True:\r\n\t\treturn 1 + {GHOST}\r\n".encode()


def test_the_log_is_opened(nvim: Nvim) -> None:
    nvim.command("Codeassist log")
    nvim.wait(lambda: any("engine: ready" in line for line in nvim.lines()), "the log")


def test_several_windows_and_folders_share_what_they_can(nvim: Nvim, repository: Path, tmp_path: Path) -> None:
    other = made_repository(tmp_path / "other")
    (repository / "near.py").write_text(TEXT, encoding="utf-8")
    nvim.command(f"split {repository / 'near.py'}")
    nvim.wait(lambda: nvim.lua("vim.fn.expand('%:t')") == "near.py", "the second window")
    nvim.append(3, "1 + ")
    nvim.wait(lambda: nvim.ghost() == [GHOST], "ghost text in the second window")
    nvim.press("Escape", "C-w", "j")
    nvim.wait(lambda: nvim.lua("vim.fn.expand('%:t')") != "near.py", "the first window")
    nvim.append(3, "2 + ")
    nvim.wait(lambda: nvim.ghost() == [GHOST], "ghost text in the first window")
    nvim.command(f"hide edit {other / 'sample.py'}")
    nvim.wait(lambda: nvim.lua("vim.fn.expand('%:p')") == str(other / "sample.py"), "the file of another folder")
    nvim.append(3, "3 + ")
    nvim.wait(lambda: nvim.ghost() == [GHOST], "ghost text in another folder")


def broken(programs: tuple[str, str], tmp_path: Path, repository: Path, cmd: str) -> AbstractContextManager[Nvim]:
    extra = f"vim.o.cmdheight = 12 vim.lsp.config('codeassist', {{ cmd = {cmd} }})"
    return editing(programs, Server({}), tmp_path / "nvim", repository / "sample.py", extra=extra)


def test_a_server_that_is_not_there_is_told_with_the_remedy(
    programs: tuple[str, str], tmp_path: Path, repository: Path
) -> None:
    with broken(programs, tmp_path, repository, "{ '/nowhere/codeassist', 'lsp' }") as nvim:
        nvim.wait(lambda: "there is no program /nowhere/codeassist" in nvim.screen(), "the message")
        assert "make setup" in nvim.screen()
        nvim.command("checkhealth codeassist")
        nvim.wait(lambda: any("there is no program" in line for line in nvim.lines()), "the report")


def test_a_server_that_ends_at_once_is_given_up(programs: tuple[str, str], tmp_path: Path, repository: Path) -> None:
    with contextlib.ExitStack() as stack:
        nvim = stack.enter_context(broken(programs, tmp_path, repository, "{ '/bin/sh', '-c', 'exit 3' }"))
        # In place of a minute of pauses.
        nvim.lua(
            "local defer = vim.defer_fn vim.defer_fn = function(run, ms) defer(run, math.min(ms, 50)) end return 1"
        )
        nvim.wait(lambda: "the server does not start (exit code 3)" in nvim.messages(), "it to be given up")
        assert "it starts again in 8 s" in nvim.messages()
        nvim.append(1, "x")
        nvim.wait(lambda: nvim.lines()[0].endswith("x"), "the editor to go on")


SHOP = "def price_of(order):\n    return order\n"
MAIN = "from shop import price_of\n\n\ndef main():\n    return price_of(1)\n"
# What was found, by file, line from 1 and code, with the lines that it points at.
FOUND = """
return vim.tbl_map(function(one)
  local name = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(one.bufnr), ':t')
  local places = vim.tbl_map(function(place)
    return vim.fs.basename(place.location.uri) .. ':' .. place.location.range.start.line + 1
  end, one.user_data.lsp.relatedInformation or {})
  return { name, one.lnum + 1, one.code, table.concat(places, ' ') }
end, vim.diagnostic.get())
"""
STALE = ["shop.py", 1, "stale-call", "main.py:5"]
MISSING = ["other.py", 1, "missing-name", "shop.py:1"]
LEFT_OVER = ["other.py", 5, "debug-leftover", ""]


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """A repository with a change: a call is left behind, a name is imported that is not there, and a breakpoint."""
    folder = tmp_path / "changed"
    folder.mkdir()
    for name, text in (("shop.py", SHOP), ("main.py", MAIN), ("other.py", "")):
        (folder / name).write_text(text, encoding="utf-8")
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@localhost"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "begin"]):
        subprocess.run([*git, *arguments], check=True, timeout=30)
    (folder / "shop.py").write_text(SHOP.replace("order", "order, currency"), encoding="utf-8")
    return folder


def test_a_review_shows_dismisses_and_applies_what_it_finds(nvim: Nvim, changed: Path) -> None:
    other = "from shop import prise_of\n\n\ndef other():\n    breakpoint()\n    return prise_of(1)\n"
    nvim.open(changed / "other.py", other)
    nvim.command("Codeassist review")
    nvim.wait(lambda: "findings in 2 changed files" in nvim.messages(), "the end of the review")
    nvim.wait(lambda: sorted(nvim.lua(FOUND)) == sorted([LEFT_OVER, MISSING, STALE]), "what is found in all files")
    nvim.command("5")
    nvim.command("Codeassist apply")
    nvim.wait(lambda: nvim.lines() == other.replace("    breakpoint()\n", "").splitlines(), "the remedy in the text")
    nvim.wait(lambda: sorted(nvim.lua(FOUND)) == sorted([MISSING, STALE]), "the rest")
    nvim.open(changed / "shop.py", (changed / "shop.py").read_text(encoding="utf-8"))
    wanted = "function(action) return vim.startswith(action.title, 'Dismiss') end"
    nvim.lua(f"vim.lsp.buf.code_action({{ apply = true, filter = {wanted} }}) return 1")
    nvim.wait(lambda: nvim.lua(FOUND) == [MISSING], "it to be dismissed")
    baseline = json.loads((changed / ".codeassist" / "review-baseline.json").read_text(encoding="utf-8"))
    assert [(entry["path"], entry["category"]) for entry in baseline["dismissed"]] == [("shop.py", "stale-call")]
