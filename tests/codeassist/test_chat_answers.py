"""Answers of chat models, taken apart and fitted to their place."""

from __future__ import annotations

import pytest

from codeassist.chat.answers import code_block, fitted
from codeassist.errors import AnswerUnusable


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("```\na = 1\n```", "a = 1"),
        ("Sure!\n\n```python\na = 1\n\nb = 2\n```\nDone.", "a = 1\n\nb = 2"),
        ("~~~\na\n~~~", "a"),
        ("````md\n```\ninner\n```\n````", "```\ninner\n```"),
        (
            '```py\n"""Says:\n\n    ```sh\n    ls\n    ```text\n"""\n```',
            '"""Says:\n\n    ```sh\n    ls\n    ```text\n"""',
        ),
        ("<think>\n```\nno\n```\n</think>\n```\nyes\n```", "yes"),
        ("```\r\na\r\nb\r\n```\r\n", "a\nb"),
        ("  ```py\n  a = 1\n  ```", "  a = 1"),
    ],
)
def test_the_one_block_is_taken_out(answer: str, code: str) -> None:
    assert code_block(answer) == code


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("", "without a code block"),
        ("a = 1", "without a code block"),
        ("`a = 1`", "without a code block"),
        ("```\na\n```\n```\nb\n```", "2 code blocks"),
        ("```\na", "does not end"),
        ("```\n```", "empty"),
        ("```\n \n\n```", "empty"),
    ],
)
def test_any_other_number_of_blocks_is_refused(answer: str, told: str) -> None:
    with pytest.raises(AnswerUnusable, match=told):
        code_block(answer)


@pytest.mark.parametrize(
    ("code", "around", "first"),
    [
        ("a = 1", ["    x = 1"], "    a = 1"),
        ("if a:\n    b()", ["    x", "        y"], "    if a:\n        b()"),
        ("        a()\n        b()", ["    x"], "    a()\n    b()"),
        ("a()\n        b()\n        c()", ["        x"], "        a()\n        b()\n        c()"),
        ("if a:\n    b()\n    c()", ["\tx"], "\tif a:\n\t\tb()\n\t\tc()"),
        ("a()\n\nb()", ["  x"], "  a()\n\n  b()"),
        ("a()   \nb()", ["x"], "a()\nb()"),
    ],
)
def test_code_is_indented_as_what_stood_there(code: str, around: list[str], first: str) -> None:
    assert fitted(code, around)[0] == first


def test_a_line_of_very_many_tildes_is_read_once() -> None:
    assert code_block("~" * 500_000 + "`\n```\nx = 1\n```") == "x = 1"
