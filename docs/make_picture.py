"""Makes docs/ghost-text.svg: a real Neovim, with the real server and model, as a terminal shows it.

    python docs/make_picture.py FILE:LINE:COL [--nvim NVIM] [--wait SECONDS]

The rest of the line is deleted from COL on (in the editor only), and the picture is taken when ghost text is there.
Needs tmux, and Neovim 0.11 or newer with `codeassist` beside this Python.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
COLUMNS, ROWS = 104, 26

INIT = """
vim.opt.runtimepath:append('{configuration}')
vim.opt.termguicolors = true
vim.opt.swapfile = false
vim.opt.number = true
vim.opt.wrap = false
vim.opt.shortmess:append('IF')
vim.opt.ruler = false
vim.opt.showcmd = false
vim.opt.laststatus = 2
vim.opt.statusline = ' %f   Tab takes the ghost text%=codeassist: %{{get(g:, "codeassist_status", "")}} '
vim.lsp.config('codeassist', {{ cmd = {{ '{python}', '-m', 'codeassist.cli', 'lsp', '--stdio' }} }})
vim.api.nvim_set_hl(0, 'ComplHint', {{ fg = '#8a8f98', italic = true }})
vim.api.nvim_set_hl(0, 'Comment', {{ fg = '#8a8f98', italic = true }})
"""

GHOST = """
(function()
  for name, space in pairs(vim.api.nvim_get_namespaces()) do
    if name == 'codeassist.ghost' or name == 'nvim.lsp.inline_completion' then
      local marks = vim.api.nvim_buf_get_extmarks(0, space, 0, -1, {})
      if #marks > 0 then return 1 end
    end
  end
  return 0
end)()
"""

# rich's own page, less the fonts that it would load from elsewhere.
PAGE = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" /></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g></g></svg>
"""

BLACK, WHITE = (20, 22, 27), (224, 226, 234)
THEME = TerminalTheme(BLACK, WHITE, [BLACK] * 8, [WHITE] * 8)


@dataclass(frozen=True)
class Terminal:
    """Neovim in a tmux server of its own."""

    name: str
    nvim: str
    socket: Path

    def tmux(self, *arguments: str) -> str:
        """What the command prints."""
        command = ["tmux", "-L", self.name, "-f", os.devnull, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout

    def evaluate(self, expression: str) -> str:
        """Value of a Vim expression in the editor, "" while it does not answer."""
        command = [self.nvim, "--clean", "--headless", "--server", str(self.socket), "--remote-expr", expression]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
        return done.stdout.strip() or done.stderr.strip()

    def wait(self, condition: Callable[[], bool], what: str, within_s: float) -> None:
        """Return once it holds."""
        deadline = time.monotonic() + within_s
        while not condition():
            if time.monotonic() > deadline:
                screen = self.tmux("capture-pane", "-p")
                raise SystemExit(f"waited {within_s:.0f} s in vain for {what}; the screen:\n{screen}")
            time.sleep(0.1)


def main() -> None:
    """Parse, drive, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("place", metavar="FILE:LINE:COL", help="where the ghost text is to begin; both from 1")
    parser.add_argument("--nvim", default=str(beside_python("nvim")))
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "ghost-text.svg")
    parser.add_argument("--wait", type=float, default=300.0, help="seconds for model and index to load")
    options = parser.parse_args()
    file, line, column = options.place.rsplit(":", 2)
    with tempfile.TemporaryDirectory(prefix="codeassist-picture-") as folder:
        screen = photograph(Path(folder), options.nvim, Path(file), (int(line), int(column)), options.wait)
    options.output.write_text(drawn(screen, Path(file).name), encoding="utf-8")
    sys.stdout.write(f"{Text.from_ansi(screen).plain}\n{options.output}\n")


def beside_python(program: str) -> Path:
    """A program of this virtual environment, or of the PATH."""
    own = Path(sys.executable).with_name(program)
    return own if own.exists() else Path(shutil.which(program) or program)


def photograph(folder: Path, nvim: str, file: Path, place: tuple[int, int], wait_s: float) -> str:
    """The screen with ghost text at the place, as ANSI."""
    init = folder / "init.lua"
    init.write_text(INIT.format(configuration=ROOT / "extension-config" / "neovim", python=sys.executable))
    terminal = Terminal(folder.name, nvim, folder / "socket")
    command = [nvim, "--clean", "-u", str(init), "--listen", str(terminal.socket), str(file)]
    terminal.tmux("new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS), "-c", str(ROOT), *command)
    try:
        terminal.tmux("set", "-ga", "terminal-overrides", ",*:Tc")
        ready = "get(g:, 'codeassist_status', '') == 'ready' && get(g:, 'codeassist_index', '') == 'ready'"
        terminal.wait(lambda: terminal.evaluate(ready) == "1", "engine and index", wait_s)
        line, column = place
        terminal.tmux("send-keys", f":call cursor({line}, {column})", "Enter", "zz", "D", "a")
        quoted = " ".join(GHOST.split("\n")).replace("'", "''")
        terminal.wait(lambda: terminal.evaluate(f"luaeval('{quoted}')") == "1", "ghost text", 60.0)
        time.sleep(0.5)  # until the screen is drawn
        return terminal.tmux("capture-pane", "-e", "-p")
    finally:
        terminal.tmux("kill-server")


def drawn(screen: str, title: str) -> str:
    """The screen as SVG."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True, color_system="truecolor")
        console.print(Text.from_ansi(screen.rstrip("\n")), no_wrap=True)
        return console.export_svg(title=title, theme=THEME, code_format=PAGE, unique_id="ghost")


if __name__ == "__main__":
    main()
