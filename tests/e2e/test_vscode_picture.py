"""The picture in README.md. Made anew by

CODEASSIST_SCREENSHOTS=docs .venv/bin/pytest -m e2e tests/e2e/test_vscode_picture.py
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.vscode_server import CodeServer
from tests.e2e.vscode_session import MARK, ORDERS, repository_in
from tests.e2e.vscode_window import Browser, Size, Window

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

PRINTED = '''"""What is printed of orders."""

from orders import Order


def summary(order: Order) -> str:
    """One line about an order."""
    return f"{order.customer}: {order.‸}"
'''
SIDE_BAR = "() => document.querySelector('.part.sidebar')?.offsetWidth > 0"


def test_what_another_file_says_is_suggested(
    code_server: CodeServer, browser: Browser, pictures: Path, tmp_path: Path
) -> None:
    folder = repository_in(tmp_path)
    orders = ORDERS.replace(f"{MARK}token_of_payment: float", "total_in_cents: int")
    (folder / "orders.py").write_text(orders, encoding="utf-8")
    window = Window(browser, "picture", code_server.url(folder), pictures, Size(1200, 370))
    try:
        window.wait_ready()
        if window.evaluate(SIDE_BAR):
            window.press("Control+b")
            window.wait(lambda: not window.evaluate(SIDE_BAR), "the side bar to go")
        window.write(folder / "printed.py", PRINTED)
        window.run("View: New Editor Group to the Right")
        window.open(folder / "orders.py")
        window.press("Control+1")
        before = PRINTED.partition(MARK)[0]
        window.go(before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)
        window.type("to")
        assert window.wait_ghost() == "tal_in_cents"
        window.picture("vscode")
    finally:
        window.close()
