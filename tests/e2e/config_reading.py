"""What editors make of the configurations that we hand out, where the editor's own language is needed to read them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

# In place of the plugins that the configurations set up: what they are told is kept.
_MINUET = "package.loaded.minuet = { setup = function(given) vim.g.given = given end }"
_CODECOMPANION = (
    "package.loaded['codecompanion.adapters'] = { extend = function(name, given) return { name, given } end } "
    "package.loaded.codecompanion = { setup = function(given) "
    "vim.g.given = { adapter = given.adapters.http.codeassist(), interactions = given.interactions } end }"
)


def vim_variable(nvim: str, script: Path, name: str) -> Any:
    """A global variable, after a Vim script has run."""
    return _read(nvim, [f"source {script}"], f"g:{name}")


def minuet_options(nvim: str, script: Path) -> Any:
    """What a Lua file gives to minuet's `setup`."""
    return _read(nvim, [f"lua {_MINUET}", f"luafile {script}"], "g:given")


def codecompanion_options(nvim: str, script: Path) -> Any:
    """What a Lua file gives to codecompanion's `setup`: its adapter (what it extends, with what) and the uses of it."""
    return _read(nvim, [f"lua {_CODECOMPANION}", f"luafile {script}"], "g:given")


def _read(nvim: str, commands: list[str], expression: str) -> Any:
    given = [argument for command in commands for argument in ("-c", command)]
    last = ["-c", f"call writefile([json_encode({expression})], '/dev/stdout')", "-c", "quitall!"]
    command = [nvim, "--clean", "--headless", *given, *last]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.strip(), done.stderr
    return json.loads(done.stdout)
