"""Which model answers a request."""

from __future__ import annotations

import pytest

from codeassist.server.served_models import ServedModel, Want, model_json, route

FILLS = ServedModel("filler", 4096, frozenset({"gap", "text"}))
CHATS = ServedModel("chatter", 0, frozenset({"chat"}))
BOTH = ServedModel("both", 8192, frozenset({"gap", "text", "chat"}))


@pytest.mark.parametrize(
    ("name", "wants", "models", "expected"),
    [
        ("filler", "gap", (FILLS, CHATS), FILLS),
        ("chatter", "gap", (FILLS, CHATS), FILLS),
        ("gpt-4", "gap", (FILLS, CHATS), FILLS),
        ("filler", "chat", (FILLS, CHATS), CHATS),
        ("", "chat", (FILLS, CHATS), CHATS),
        ("both", "chat", (CHATS, BOTH), BOTH),
        ("both", "text", (FILLS, BOTH), BOTH),
        ("filler", "chat", (FILLS,), None),
    ],
)
def test_a_name_counts_where_its_model_can(
    name: str, wants: Want, models: tuple[ServedModel, ...], expected: ServedModel | None
) -> None:
    assert route(name, wants, models) == expected


def test_a_context_that_is_not_known_is_not_told() -> None:
    assert model_json(FILLS, 7)["max_model_len"] == 4096
    assert "max_model_len" not in model_json(CHATS, 7)
