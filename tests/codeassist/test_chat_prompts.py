"""Goldens of what chat models are asked: rewrite them with UPDATE_GOLDENS=1, then read the diff."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from codeassist.chat.model import Message
from codeassist.chat.prompts import (
    MAX_AROUND,
    MAX_CALLERS,
    MAX_DEFINITIONS,
    Context,
    Question,
    Snippet,
    docstring_prompt,
    explain_prompt,
    fix_prompt,
    prompt_for_tests,
    rewrite_prompt,
)

GOLDENS = Path(__file__).parent / "goldens"
QUESTION = Question(
    path="shop/till.py",
    language="python",
    code="    def total(self, orders):\n        return sum(price_of(order) for order in orders)",
    above="from shop.price import price_of\n\n\nclass Till:\n",
    below="\n    def close(self): ...\n",
    context=Context(
        definitions=(Snippet("shop/price.py", 1, 3, 'def price_of(order):\n    """What it costs."""\n    ...'),),
        callers=("shop/main.py:7: print(till.total(orders))",),
        examples=(Snippet("shop/till.py", 20, 22, 'def tax(net):\n    """The tax on a net price."""\n    return net'),),
    ),
)
PROMPTS: dict[str, Callable[[Question], list[Message]]] = {
    "docstring": lambda question: docstring_prompt(question, "total"),
    "rewrite": lambda question: rewrite_prompt(question, "use a loop\n"),
    "fix": lambda question: fix_prompt(question, "`orders` may be None\n(in line 2 of the selected lines)"),
    "tests": lambda question: prompt_for_tests(question, "tests/test_till.py", "def test_it():\n    pass\n"),
    "new-tests": lambda question: prompt_for_tests(question, "tests/test_till.py", ""),
    "explain": explain_prompt,
}


@pytest.mark.parametrize("name", sorted(PROMPTS))
def test_prompt_matches_its_golden(name: str) -> None:
    rendered = "".join(f"[{message.role}]\n{message.content}\n" for message in PROMPTS[name](QUESTION))
    golden = GOLDENS / f"chat-{name}.txt"
    if os.environ.get("UPDATE_GOLDENS"):
        golden.write_text(rendered, encoding="utf-8")
    assert rendered == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(PROMPTS))
def test_without_context_there_are_no_empty_headings(name: str) -> None:
    _, user = PROMPTS[name](replace(QUESTION, context=Context(), above="", below=""))
    assert "\n\n\n\n" not in user.content
    assert "Definitions" not in user.content
    assert "Lines that use it" not in user.content


def test_code_that_has_fences_gets_a_longer_one() -> None:
    _, user = rewrite_prompt(replace(QUESTION, code="```\ninner\n```"), "x")
    assert "````python\n```\ninner\n```\n````" in user.content


def test_every_part_has_a_limit() -> None:
    definitions = tuple(Snippet(f"a{n}.py", 1, 9, "x" * 900) for n in range(40))
    context = Context(definitions, tuple(f"b.py:{n}: {'y' * 90}" for n in range(90)))
    question = replace(QUESTION, context=context, above="a line\n" * 9_000, below="a line\n" * 9_000)
    _, user = rewrite_prompt(question, "x")
    assert len(user.content) < MAX_DEFINITIONS + MAX_CALLERS + 2 * MAX_AROUND + 2_000
