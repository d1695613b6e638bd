"""What a session tells the core of the user's work: open documents and where they are edited."""

from __future__ import annotations

from typing import Any

from lsp_session import Session

from indexer.types import Query

CART = "file:///project/cart.py"
BILL = "file:///project/bill.py"
TEXT = "import money\n\n\ndef price(item):\n    return 1\n"


def change(first: int, last: int, text: str) -> dict[str, Any]:
    """Whole lines first..last (excluded) replaced."""
    return {"range": {"start": {"line": first, "character": 0}, "end": {"line": last, "character": 0}}, "text": text}


async def edited(session: Session) -> list[str]:
    """Texts of the places that a cursor in another file would be shown, once the server has read all messages."""
    await session.client.request("codeassist/status", None)
    query = Query("total_price(money)", identifiers=("total_price", "money"), path="bill.py")
    return [hit.text for hit in session.assistant.activity.hits(query)]


async def test_an_edit_of_an_open_document_is_known_before_it_is_saved(session: Session) -> None:
    await session.ready(rootUri="file:///project")
    session.client.open(CART, TEXT)
    assert await edited(session) == []
    session.client.change(CART, 2, change(5, 5, "\n\ndef total_price(items):\n    return 2\n"))
    assert [text.split("\n")[-2:] for text in await edited(session)] == [["def total_price(items):", "    return 2"]]


async def test_what_was_open_before_the_workspace_was_counts_too(session: Session) -> None:
    session.may_open.clear()
    await session.client.initialize(rootUri="file:///project")
    session.client.open(CART, TEXT.replace("\n", "\r\n"))
    await session.client.request("codeassist/status", None)
    session.may_open.set()
    await session.is_ready()
    session.client.change(CART, 2, change(3, 3, "total_price = money\r\n"))
    (shown,) = await edited(session)
    assert "\r" not in shown
    assert "total_price = money" in shown


async def test_a_new_text_as_a_whole_is_no_edit(session: Session) -> None:
    await session.ready(rootUri="file:///project")
    session.client.open(CART, TEXT)
    session.client.change(CART, 2, change(3, 3, "total_price = money\n"))
    session.client.change(CART, 3, {"text": "total_price = 1\n" * 3})
    assert await edited(session) == []


async def test_a_document_that_is_closed_is_forgotten(session: Session) -> None:
    await session.ready(rootUri="file:///project")
    session.client.open(CART, TEXT)
    session.client.change(CART, 2, change(3, 3, "total_price = money\n"))
    assert await edited(session)
    session.client.notify("textDocument/didClose", {"textDocument": {"uri": CART}})
    assert await edited(session) == []


async def test_a_change_of_a_document_that_is_not_open_is_no_trouble(session: Session) -> None:
    await session.ready(rootUri="file:///project")
    session.client.change(BILL, 2, change(3, 3, "total_price = money\n"))
    assert await edited(session) == []
