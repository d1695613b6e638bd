"""The status item of a real VS Code, its menu and its pages, and next edits, with the real server behind them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.test_vscode_server import PRINTED
from tests.e2e.vscode_server import CodeServer
from tests.e2e.vscode_session import GHOST, SHAPES, TYPED
from tests.e2e.vscode_window import Window

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

RENAMED = '''"""Prices."""


def with_tax(amount: float) -> float:
    """What the customer pays."""
    tax = amount * 0.2
    return amount + tax


def receipt(‸amount: float) -> str:
    """What is printed."""
    paid = with_tax(amount)
    return f"{amount} and taxes: {paid}"
'''


def test_the_menu_shows_the_state_and_what_one_can_do(window: Window, repository: Path) -> None:
    window.write(repository / "menu.py", SHAPES)
    rows = "\n".join(window.menu())
    window.picture("menu")
    for row in ("Suggestions: on", "Suggestions in python: on", "Snooze for 5 minutes", "Why this, or why none?"):
        assert row in rows
    assert "Model: codeassist-deepseek-small" in rows
    assert "symbols" in rows


def test_snoozed_suggestions_come_to_who_asks_and_wake(window: Window, repository: Path) -> None:
    window.write(repository / "snoozed.py", SHAPES)
    window.choose("Snooze for 15 minutes")
    window.wait(lambda: "sleep for another 15 min" in window.status()[0], "the snooze")
    window.picture("snoozed")
    window.type(TYPED)
    window.choose("Why this, or why none?")
    window.wait(lambda: "suggestions are snoozed" in window.frames(), "the reason why there is none")
    assert window.ghost() == ""
    window.run("Trigger Inline Suggestion")
    assert window.wait_ghost() == GHOST
    window.press("Escape")
    window.choose("Wake suggestions")
    window.wait_ready()
    window.press("Backspace")
    window.type(" ")
    assert window.wait_ghost() == GHOST


def test_a_language_is_turned_off_and_on(window: Window, code_server: CodeServer, repository: Path) -> None:
    window.write(repository / "language.py", SHAPES)
    window.choose("Suggestions in python: on")
    window.wait(lambda: "suggestions are off for python" in window.status()[0], "the language to be off")
    assert code_server.setting("User")["codeassist.enable"] == {"*": True, "python": False}
    window.type(TYPED)
    window.run("Trigger Inline Suggestion")
    assert window.ghost() == ""
    window.choose("Suggestions in python: off")
    window.wait_ready()
    assert code_server.setting("User")["codeassist.enable"] == {"*": True}
    window.press("Backspace")
    window.type(" ")
    assert window.wait_ghost() == GHOST


def test_all_suggestions_are_turned_off_and_on(window: Window, repository: Path) -> None:
    window.write(repository / "all_off.py", SHAPES)
    window.choose("Suggestions: on")
    window.wait(lambda: window.status()[0].endswith("suggestions are off"), "suggestions to be off")
    window.choose("Suggestions: off")
    window.wait_ready()
    window.type(TYPED)
    assert window.wait_ghost() == GHOST


def test_a_suggestion_says_where_it_came_from_and_the_link_leads_there(window: Window, repository: Path) -> None:
    window.write(repository / "explained.py", PRINTED)
    window.type("to")
    window.wait_ghost()
    window.choose("Why this, or why none?")
    window.wait(lambda: "orders.py:1" in window.frames(), "the source of the suggestion")
    window.picture("why")
    assert "Why this suggestion" in window.frames()
    assert window.click_in_frame("a:has-text('orders.py:1')")
    window.wait(lambda: window.line("class Order:"), "the source in an editor")


def test_statistics_are_shown(window: Window, repository: Path) -> None:
    window.write(repository / "counted.py", SHAPES)
    window.type(TYPED)
    window.wait_ghost()
    window.press("Tab")
    window.choose("Statistics")
    window.wait(lambda: "The last 30 days" in window.frames(), "the page of statistics")
    window.picture("statistics")


def test_the_walkthrough_opens(window: Window) -> None:
    window.run("Welcome: Open Walkthrough")
    window.wait(window.has_quick_input, "the list of walkthroughs")
    window.pick("Get started with codeassist")
    window.wait(lambda: "Install the language server" in window.text(), "the walkthrough")
    window.picture("walkthrough")


def test_a_name_that_was_changed_twice_is_changed_at_the_next_place(window: Window, repository: Path) -> None:
    file = repository / "renamed.py"
    window.write(file, RENAMED)
    window.press("Control+Shift+ArrowRight")
    window.type("price")
    window.go(12, 21)
    window.press("Control+Shift+ArrowRight")
    window.type("price")
    window.wait(lambda: any("Alt+N" in hint for hint in window.hints()), "the next edit")
    window.picture("next-edit")
    window.press("Alt+n", "Alt+n")
    window.wait(lambda: window.line('    return f"{price}'), "the next edit to be made")
    window.save()
