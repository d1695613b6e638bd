"""The language server behind a real VS Code: what it knows, what ends it, and what may not steer it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.vscode_server import CodeServer
from tests.e2e.vscode_session import GHOST, MARK, ORDERS, SHAPES, TYPED, repository_in, servers_of
from tests.e2e.vscode_window import Browser, Window

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

READY = "lsp.backend: engine: ready"
PRINTED = '''"""What is printed of orders."""

from orders import Order


def summary(order: Order) -> str:
    """One line about an order."""
    return f"{order.number}: {order.customer}, {order.‸}"
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
