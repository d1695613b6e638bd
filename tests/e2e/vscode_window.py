"""A window of VS Code in a browser, which is typed into and looked at."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.vscode_pages import (
    FOCUSED,
    GHOST,
    HINTS,
    LINES,
    NOTIFICATIONS,
    PROBLEMS,
    QUICK_INPUT,
    ROWS,
    SHOWN,
    STATUS,
    STATUS_ITEM,
)
from tests.e2e.vscode_session import MARK
from tests.e2e.vscode_tools import Tools

DRIVER = Path(__file__).with_name("vscode_driver.js")
WAIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Size:
    """Of a window, in CSS pixels; pictures have twice as many."""

    width: int
    height: int


SIZE = Size(1200, 750)


class Browser:
    """A headless Chromium with as many windows as one likes; one request at a time."""

    def __init__(self, tools: Tools, log: Path) -> None:
        self._errors = log.open("wb")
        command = [tools.node, DRIVER, tools.playwright, tools.chromium]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [str(part) for part in command], stdin=pipe, stdout=pipe, stderr=self._errors, text=True
        )
        self._ids = itertools.count(1)

    def ask(self, operation: str, **given: Any) -> Any:
        """What an operation of vscode_driver.js gives. Raises AssertionError where it fails."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {"id": next(self._ids), "operation": operation, **given}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the browser is gone; see {self._errors.name}"
        answer = json.loads(line)
        assert "error" not in answer, f"{operation} {given}: {answer['error']}"
        return answer["result"]

    def close(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._errors.close()


class Window:
    """One window. What is waited for is looked for again and again; in vain, a picture is taken and the test fails."""

    def __init__(self, browser: Browser, name: str, url: str, pictures: Path, size: Size = SIZE) -> None:
        self.browser = browser
        self.name = name
        self.pictures = pictures
        self._draws_ghosts = False
        self._ask("open", url=url, width=size.width, height=size.height)

    def wait(self, condition: Callable[[], Any], what: str, within_s: float = WAIT_S) -> Any:
        deadline = time.monotonic() + within_s
        while not (value := condition()):
            if time.monotonic() > deadline:
                self.picture(f"failed-{what}")
                raise AssertionError(f"waited in vain for {what}; status {self.status()}, lines {self.lines()[:40]}")
            time.sleep(0.05)
        return value

    # What one does.

    def type(self, text: str, delay_ms: int = 60) -> None:
        self._ask("type", text=text, delay_ms=delay_ms)

    def press(self, *keys: str) -> None:
        for key in keys:
            self._ask("press", key=key)

    def click(self, selector: str) -> None:
        self._ask("click", selector=selector)

    def hover(self, selector: str) -> None:
        self._ask("hover", selector=selector)

    def reload(self) -> None:
        self._draws_ghosts = False
        self._ask("reload")

    def close(self) -> None:
        self._ask("close")

    def open(self, file: Path) -> None:
        """Open a file in an editor that has the focus."""
        self.wait(lambda: not self.has_quick_input(), "the last box to close")
        self.press("Control+p")
        self.wait(self.has_quick_input, "the box that finds files")
        self.type(str(file), 0)  # the whole path: names are found in a list that may be older than the file
        self.wait(lambda: file.name in self.evaluate(FOCUSED), f"{file.name} among the files")
        self.press("Enter")
        self.wait(lambda: file.name in self.evaluate(SHOWN), f"an editor with {file.name}")
        self.wait(self.lines, f"the text of {file.name}")
        self._have_ghosts_drawn()

    def write(self, file: Path, text: str) -> None:
        """Put a text with a mark into a file, open it, and put the cursor at the mark."""
        before, _, after = text.partition(MARK)
        file.write_text(before + after, encoding="utf-8", newline="")
        self.open(file)
        self.go(before.count("\n") + 1, 1)
        self.press("End", *["ArrowLeft"] * len(after.partition("\n")[0].rstrip("\r")))

    def close_editors(self) -> None:
        """Close all editors, and leave what was typed unsaved."""
        for n_left in reversed(range(self._n_tabs())):
            self._close_one(n_left)

    def go(self, line: int, column: int) -> None:
        """Put the cursor there; both count from 1. A tab counts as the columns that it fills."""
        self.wait(lambda: not self.has_quick_input(), "the last box to close")
        self.press("Control+g")
        self.wait(self.has_quick_input, "the box that finds lines")
        self.press("Control+a")
        self.type(f":{line}:{column}", 5)
        self.press("Enter")
        self.wait(lambda: not self.has_quick_input(), "the box that finds lines to go")

    def run(self, title: str) -> None:
        """Run a command of the palette."""
        self.wait(lambda: not self.has_quick_input(), "the last box to close")
        self.press("F1")
        self.wait(self.has_quick_input, "the command palette")
        self.type(title, 5)
        self.wait(lambda: title.lower() in self.evaluate(FOCUSED).lower(), f"the command {title}")
        self.press("Enter")

    def choose(self, row: str) -> None:
        """Take a row of the menu of the status item."""
        self.menu()
        self.pick(row)

    def menu(self) -> list[str]:
        self.click(f"{STATUS_ITEM} a")
        self.wait(lambda: self.has_quick_input() and self.rows(), "the menu")
        return self.rows()

    def pick(self, row: str) -> None:
        self.type(row, 5)
        self.wait(lambda: row in self.evaluate(FOCUSED), f"the row {row}")
        self.press("Enter")
        self.wait(lambda: not self.has_quick_input(), "the menu to close")

    def save(self) -> None:
        self.press("Control+s")
        self.wait(lambda: not self.evaluate("() => document.querySelector('.tab.active.dirty') !== null"), "the save")

    def picture(self, name: str, **clip: int) -> Path:
        """Take a picture of the window or of a part of it: x, y, width, height."""
        file = self.pictures / f"{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}.png"
        self._ask("screenshot", path=str(file), **({"clip": clip} if clip else {}))
        return file

    # What one sees.

    def ghost(self) -> str:
        return str(self.evaluate(GHOST))

    def lines(self) -> list[str]:
        return list(self.evaluate(LINES))

    def line(self, start: str) -> str:
        """The line on the screen that begins so."""
        return next((line for line in self.lines() if line.startswith(start)), "")

    def hints(self) -> list[str]:
        """What the extension shows beside the code."""
        return list(self.evaluate(HINTS))

    def rows(self) -> list[str]:
        """The rows of the box that is open."""
        return list(self.evaluate(ROWS))

    def has_quick_input(self) -> bool:
        return bool(self.evaluate(QUICK_INPUT))

    def status(self) -> tuple[str, str, str]:
        """Label, text and markup of the status item; empty where there is none."""
        label, text, markup = self.evaluate(STATUS)
        return str(label), str(text), str(markup)

    def text(self) -> str:
        """All that the window says, pages in frames left out."""
        return str(self.evaluate("() => document.body.innerText"))

    def notifications(self) -> list[str]:
        return list(self.evaluate(NOTIFICATIONS))

    def problems(self) -> list[str]:
        """The rows of the list of problems, where it is open."""
        return list(self.evaluate(PROBLEMS))

    def evaluate(self, expression: str, argument: object = None) -> Any:
        return self._ask("evaluate", expression=expression, argument=argument)

    def frames(self) -> str:
        """The texts of all pages that are shown in frames."""
        return "\n".join(self._ask("frames"))

    def click_in_frame(self, selector: str) -> bool:
        return bool(self._ask("click_in_frame", selector=selector))

    def wait_ready(self, within_s: float = WAIT_S) -> None:
        self.wait(lambda: self.status()[0] == "codeassist: ready", "the server to be ready", within_s)

    def wait_ghost(self) -> str:
        """The ghost text once it stays: what is seen first may belong to the last key but one."""
        seen = [""] * 6

        def is_steady() -> bool:
            seen.append(self.ghost())
            return seen[-1] != "" and len(set(seen[-6:])) == 1

        self.wait(is_steady, "ghost text")
        return seen[-1]

    def _have_ghosts_drawn(self) -> None:
        """VS Code makes the part of an editor that draws ghost text when it is idle, up to five seconds after the first
        file has opened; what is typed before asks nobody. A command that needs the part has it made now.
        """
        if not self._draws_ghosts:
            self._draws_ghosts = True
            self.run("Trigger Inline Suggestion")
            self.wait(lambda: not self.has_quick_input(), "the command palette to go")
            self.press("Escape")

    def _close_one(self, n_left: int) -> None:
        self.run("View: Revert and Close Editor")
        self.wait(lambda: self._n_tabs() <= n_left, "an editor to close")

    def _n_tabs(self) -> int:
        return int(self.evaluate("() => document.querySelectorAll('.tabs-container .tab').length"))

    def _ask(self, operation: str, **given: Any) -> Any:
        return self.browser.ask(operation, window=self.name, **given)
