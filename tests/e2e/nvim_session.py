"""A real Neovim in a terminal (tmux), typed into like a user does, and asked what it shows."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tests.kept import keep_compiled_rules

Value = TypeVar("Value")

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = ROOT / "extension-config" / "neovim"
BRIDGE = Path(__file__).with_name("nvim_bridge.lua")
WAIT_S = 60.0
ANSWER_WITHIN_S = 20.0
COLUMNS, ROWS = 100, 30

# Lines of the ghost text: the first is drawn behind the cursor, the others below.
GHOST = """
local spaces, found = vim.api.nvim_get_namespaces(), {}
for _, name in ipairs({ 'codeassist.ghost', 'nvim.lsp.inline_completion' }) do
  local marks = spaces[name] and vim.api.nvim_buf_get_extmarks(0, spaces[name], 0, -1, { details = true }) or {}
  for _, mark in ipairs(marks) do
    for _, line in ipairs(vim.list_extend({ mark[4].virt_text }, mark[4].virt_lines or {})) do
      table.insert(found, table.concat(vim.tbl_map(function(chunk) return chunk[1] end, line)))
    end
  end
end
return found
"""

# An init.lua of a user who has put our folder on the runtime path.
INIT = f"""
vim.opt.runtimepath:prepend({json.dumps(str(CONFIGURATION))})
vim.opt.swapfile = false
vim.opt.shortmess:append('IFW')
"""

CONFIG = """
local given = vim.json.decode({given})
vim.lsp.config('codeassist', {{
  cmd = given.command,
  cmd_env = given.environment,
  init_options = next(given.settings) and given.settings or nil,
}})
"""


FAKE_SERVER = Path(__file__).with_name("fake_server.lua")


@dataclass(frozen=True)
class Server:
    """How the Language Server is started: its settings, and what of the environment it gets besides."""

    settings: Mapping[str, Any]
    environment: Mapping[str, str] = field(default_factory=dict)

    def init_lua(self) -> str:
        """Lines of a user's init.lua."""
        given = {
            "command": [sys.executable, "-m", "codeassist.cli", "lsp", "--stdio"],
            "environment": {"PYTHONPATH": str(ROOT), **self.environment},
            "settings": self.settings,
        }
        return CONFIG.format(given=f"[==[{json.dumps(given)}]==]")


class FakeServer:
    """A server in Lua, inside of Neovim, that a test tells what to answer (`fake_server.lua`)."""

    def init_lua(self) -> str:
        """Lines of an init.lua."""
        return f"dofile({json.dumps(str(FAKE_SERVER))})\n"


def clean_environment(folder: Path) -> dict[str, str]:
    """This process's environment with no setting of ours, and with the user's folders below `folder`."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CODEASSIST", "TMUX"))}
    folders = {f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in ("CONFIG", "DATA", "STATE", "CACHE")}
    keep_compiled_rules(folder / "cache")
    return environment | folders | {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}


class Terminal:
    """A tmux server of its own with one pane."""

    def __init__(self, tmux: str, environment: Mapping[str, str]) -> None:
        self._tmux = tmux
        self._name = f"codeassist-{uuid.uuid4().hex[:12]}"
        self._environment = dict(environment)

    def start(self, command: list[str], folder: Path) -> None:
        size = ["-x", str(COLUMNS), "-y", str(ROWS)]
        self.run("new-session", "-d", *size, "-c", str(folder), *command)
        self.run("set", "-s", "escape-time", "0")
        self.run("set", "-ga", "terminal-overrides", ",*:Tc")

    def run(self, *arguments: str) -> str:
        """What the tmux command prints."""
        command = [self._tmux, "-L", self._name, "-f", os.devnull, *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=30, env=self._environment, encoding="utf-8"
        )
        return done.stdout

    def close(self) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):  # it ends with its last pane
            self.run("kill-server")


class Nvim:
    """Neovim in a terminal."""

    def __init__(self, program: str, terminal: Terminal, folder: Path, environment: Mapping[str, str]) -> None:
        """folder: where its socket and init.lua lie."""
        self._program = program
        self._terminal = terminal
        self._socket = folder / "socket"
        self._init = folder / "init.lua"
        self._environment = dict(environment)
        self._bridge: subprocess.Popen[str] | None = None

    def start(self, init: str, file: Path, cwd: Path) -> None:
        self._init.write_text(init, encoding="utf-8")
        command = [self._program, "--clean", "-u", str(self._init), "--listen", str(self._socket), str(file)]
        self._terminal.start(command, cwd)
        self.wait(self._socket.exists, "Neovim to listen")
        self._bridge = subprocess.Popen(
            [self._program, "--clean", "-l", str(BRIDGE), str(self._socket)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=self._environment,
        )

    def lua(self, code: str) -> Any:
        """What Lua code returns; an expression may be given alone."""
        bridge = self._bridge
        assert bridge is not None
        assert bridge.stdin is not None
        assert bridge.stdout is not None
        body = code if "return" in code or "\n" in code or code.startswith("vim.cmd") else f"return {code}"
        bridge.stdin.write(json.dumps(body) + "\n")
        bridge.stdin.flush()
        ready, _, _ = select.select([bridge.stdout], [], [], ANSWER_WITHIN_S)
        assert ready, f"Neovim does not answer; its screen:\n{self.screen()}"
        answer = json.loads(bridge.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer.get("value")

    def type(self, text: str, pause_s: float = 0.0) -> None:
        """Type characters as they are, one by one with a pause where one is given."""
        if not pause_s:
            self._terminal.run("send-keys", "-l", "--", text)
            return
        for character in text:
            started = time.monotonic()
            self._terminal.run("send-keys", "-l", "--", character)
            time.sleep(max(0.0, pause_s - (time.monotonic() - started)))

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names: Tab, Escape, C-w, M-Right."""
        self._terminal.run("send-keys", *keys)

    def open(self, file: Path, text: str, newline: str = "\n") -> None:
        """Write a new file and edit it, in normal mode at its start; what is not saved elsewhere stays so."""
        file.write_text(text, encoding="utf-8", newline=newline)
        name = f"vim.fn.fnameescape({json.dumps(str(file))})"
        self.lua(f"vim.cmd.stopinsert() vim.cmd('silent! hide edit ' .. {name}) return 1")
        attached = "#vim.lsp.get_clients({ bufnr = 0, name = 'codeassist' }) == 1"
        self.wait(lambda: self.lua(attached), "the server in the buffer")

    def command(self, line: str) -> None:
        """Run an Ex command from normal mode, as typed."""
        self.press("Escape")
        self.type(f":{line}")
        self.press("Enter")

    def at(self, line: int, column: int) -> None:
        """Normal mode, cursor at a place; both from 1."""
        self.lua(f"vim.cmd.stopinsert() vim.api.nvim_win_set_cursor(0, {{ {line}, {column - 1} }}) return 1")

    def append(self, line: int, text: str) -> None:
        """Type at the end of a line."""
        self.press("Escape")
        self.wait(lambda: self.lua("vim.api.nvim_get_mode().mode") == "n", "normal mode")
        self.at(line, 1)
        self.type("A" + text)

    def wait(self, condition: Callable[[], Value], what: str, within_s: float = WAIT_S) -> Value:
        """The condition's value, once it is true."""
        deadline = time.monotonic() + within_s
        while not (value := condition()):
            if time.monotonic() > deadline:
                raise AssertionError(f"waited in vain for {what}; the screen:\n{self.screen()}\n{self.messages()}")
            time.sleep(0.02)
        return value

    def ready(self) -> None:
        """Wait for engine and index."""
        states = "vim.g.codeassist_status == 'ready' and vim.g.codeassist_index == 'ready'"
        self.wait(lambda: self.lua(states), "engine and index")

    def ghost(self) -> list[str]:
        """Lines of the ghost text."""
        return list(self.lua(GHOST))

    def lines(self) -> list[str]:
        """The buffer."""
        return list(self.lua("vim.api.nvim_buf_get_lines(0, 0, -1, false)"))

    def cursor(self) -> tuple[int, int]:
        """Line from 1 and byte column from 0."""
        line, column = self.lua("vim.api.nvim_win_get_cursor(0)")
        return line, column

    def screen(self) -> str:
        """What the terminal shows."""
        return self._terminal.run("capture-pane", "-p")

    def coloured_screen(self) -> str:
        """The same with ANSI colours."""
        return self._terminal.run("capture-pane", "-e", "-p")

    def messages(self) -> str:
        with contextlib.suppress(Exception):
            return str(self.lua("vim.api.nvim_exec2('messages', { output = true }).output"))
        return ""

    def server_pid(self) -> int | None:
        """The Language Server's process, a child of Neovim's."""
        children = self.lua("vim.api.nvim_get_proc_children(vim.uv.os_getpid())")
        found = [pid for pid in children if "codeassist" in command_line(pid)]
        return int(found[0]) if found else None

    def log(self) -> str:
        """What the server has written to stderr, as Neovim keeps it."""
        path = Path(self.lua("vim.lsp.log.get_filename and vim.lsp.log.get_filename() or vim.lsp.get_log_path()"))
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def close(self) -> None:
        """Leave Neovim as a user does, so that its servers are told; one that waits for a key is killed."""
        bridge, self._bridge = self._bridge, None
        if bridge is not None:
            assert bridge.stdin is not None
            with contextlib.suppress(OSError):
                bridge.stdin.write(json.dumps("vim.schedule(function() vim.cmd('qa!') end)") + "\n")
                bridge.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                bridge.wait(10)
            deadline = time.monotonic() + 10
            while self._socket.exists() and time.monotonic() < deadline:
                time.sleep(0.02)
            bridge.kill()
            bridge.wait()
            assert bridge.stdout is not None
            bridge.stdout.close()
        self._terminal.close()


def command_line(pid: int) -> str:
    """Arguments of a process; "" when it is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").replace("\0", " ")
    return ""


@contextlib.contextmanager
def editing(
    programs: tuple[str, str],
    server: Server | FakeServer,
    folder: Path,
    file: Path,
    *,
    cwd: Path | None = None,
    extra: str = "",
) -> Iterator[Nvim]:
    """Neovim with a file open. programs: Neovim's path and tmux's. extra: more of the user's init.lua."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = clean_environment(folder)
    nvim = Nvim(programs[0], Terminal(programs[1], environment), folder, environment)
    try:
        nvim.start(INIT + server.init_lua() + extra, file, cwd or file.parent)
        yield nvim
    finally:
        nvim.close()
