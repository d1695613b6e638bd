"""The language server behind a real VS Code: what it knows, what ends it, and what may not steer it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.vscode_server import CodeServer
from tests.e2e.vscode_session import GHOST, MARK, ORDERS, SHAPES, TYPED, repository_in, servers_of
from tests.e2e.vscode_window import Browser, Size, Window

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

CODES = ("stale-call", "missing-name", "debug-leftover")
READY = "lsp.backend: engine: ready"
PRINTED = '''"""What is printed of orders."""

from orders import Order


def summary(order: Order) -> str:
    """One line about an order."""
    return f"{order.number}: {order.customer}, {order.‸}"
'''


PRICES = '''"""Prices."""


def price_of(order: int) -> int:
    """What an order costs."""
    return order * 100
'''
BILLS = '''"""Bills."""

from prices import price_of


def bill(order: int) -> str:
    """What is printed."""
    return f"{order}: {price_of(order)}"
'''
REPORTS = '''"""Reports."""

from prices import prize_of


def report(order: int) -> str:
    """What is sent."""
    breakpoint()
    return f"{prize_of(order)}"
'''


@pytest.fixture
def shop_folder(tmp_path: Path) -> Path:
    """A repository of its own: what other tests have written into the shared one would be suggested, too."""
    return repository_in(tmp_path)


@pytest.fixture
def shop(code_server: CodeServer, browser: Browser, pictures: Path, shop_folder: Path) -> Iterator[Window]:
    window = Window(browser, "shop", code_server.url(shop_folder), pictures)
    window.wait_ready()
    yield window
    window.close()


def test_an_unsaved_change_in_one_file_changes_the_suggestion_in_another(shop: Window, shop_folder: Path) -> None:
    orders, printed = shop_folder / "orders.py", shop_folder / "printed.py"
    shop.write(printed, PRINTED)
    shop.type("to")
    assert shop.wait_ghost() == "ken_of_payment"
    shop.write(orders, ORDERS)
    shop.press("Control+Shift+ArrowRight")
    shop.type("total_in_cents", 20)
    shop.wait(lambda: shop.line("    total_in_cents: float"), "the unsaved change")
    shop.open(printed)
    shop.press("Backspace")
    shop.type("o")
    assert shop.wait_ghost() == "tal_in_cents"
    assert orders.read_text(encoding="utf-8") == ORDERS.replace(MARK, "")


def test_a_killed_server_comes_back_while_the_editor_stays(
    window: Window, code_server: CodeServer, repository: Path
) -> None:
    window.write(repository / "killed.py", SHAPES)
    n_ready = code_server.logs().count(READY)
    before = set(servers_of(code_server.pid))
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    window.type(TYPED)
    window.wait(lambda: set(servers_of(code_server.pid)) - before, "another server")
    window.wait(lambda: code_server.logs().count(READY) > n_ready, "its engine to be ready")
    window.wait_ready()
    assert window.line(f"    {TYPED.rstrip()}")
    assert window.notifications() == []
    window.press("Backspace")
    window.type(" ")
    assert window.wait_ghost() == GHOST


def test_a_setting_counts_at_once_and_taken_back_counts_no_more(
    window: Window, code_server: CodeServer, repository: Path
) -> None:
    window.write(repository / "settings.py", SHAPES)
    before = code_server.setting("Machine")
    code_server.set("Machine", before | {"codeassist.completion.min_confidence": 1})
    told = "settings changed: completion.min_confidence"
    n_told = code_server.logs().count(told)
    window.wait(lambda: code_server.logs().count(told) > n_told, "the settings to be told")
    window.type(TYPED)
    window.wait(lambda: "< 1.00" in code_server.logs(), "a suggestion that is not sure enough")
    assert window.ghost() == ""
    code_server.set("Machine", before)
    window.wait(lambda: code_server.logs().count(told) > n_told + 1, "the settings to be told again")
    window.press("Backspace")
    window.type(" ")
    assert window.wait_ghost() == GHOST


@pytest.fixture
def changed_folder(tmp_path: Path) -> Path:
    """A repository with a change: a call is left behind, a name is imported that is not there, and a breakpoint."""
    folder = tmp_path / "changed"
    folder.mkdir()
    for name, text in (("prices.py", PRICES), ("bills.py", BILLS)):
        (folder / name).write_text(text, encoding="utf-8")
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@localhost"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "begin"]):
        subprocess.run([*git, *arguments], check=True, timeout=30)
    new = PRICES.replace("order: int", "order: int, currency: str").replace(
        "order * 100", 'order * {"EUR": 100}[currency]'
    )
    (folder / "prices.py").write_text(new, encoding="utf-8")
    (folder / "reports.py").write_text(REPORTS, encoding="utf-8")
    return folder


def test_a_review_shows_problems_which_are_mended_or_dismissed(
    code_server: CodeServer, browser: Browser, pictures: Path, changed_folder: Path
) -> None:
    before = code_server.setting("Machine")
    code_server.set("Machine", before | {"codeassist.review.passes": ["static"]})
    window = Window(browser, "review", code_server.url(changed_folder), pictures, Size(1200, 600))
    try:
        window.wait_ready()
        window.choose("Review what is not committed")
        found = window.wait(lambda: len(window.problems()) >= 3 and window.problems(), "the problems")
        assert [sum(code in row for row in found) for code in CODES] == [1, 1, 1], found
        window.open(changed_folder / "reports.py")
        window.picture("vscode-review")
        window.go(8, 5)
        window.press("Control+.")
        window.wait(lambda: "Remove `breakpoint()`" in window.text(), "the quick fixes")
        window.picture("review-fixes")
        window.press("Enter")
        window.wait(lambda: not window.line("    breakpoint()"), "the remedy in the text")
        window.wait(lambda: not any("debug-leftover" in row for row in window.problems()), "that problem to go")
        window.open(changed_folder / "prices.py")
        window.go(4, 5)
        window.press("Control+.")
        window.wait(lambda: "Dismiss: 1 call in 1 file" in window.text(), "the quick fixes")
        window.press("Enter")
        window.wait(lambda: not any("stale-call" in row for row in window.problems()), "that problem to go")
        baseline = json.loads((changed_folder / ".codeassist" / "review-baseline.json").read_text(encoding="utf-8"))
        assert [(one["path"], one["category"]) for one in baseline["dismissed"]] == [("prices.py", "stale-call")]
        assert [code for code in CODES if any(code in row for row in window.problems())] == ["missing-name"]
    finally:
        window.close()
        code_server.set("Machine", before)
