"""Texts that are no code cost no more than code does: a parse holds the interpreter's lock until it is done."""

from __future__ import annotations

import time

import pytest

from indexer.languages import language_named
from indexer.parsing import parse


@pytest.mark.parametrize("language", ["python", "javascript"])
@pytest.mark.parametrize("text", ["(" * 200_000, "x = 1\n" + "(" * 200_000, "function f() {\n" + "( " * 100_000])
def test_what_is_no_code_is_given_up(language: str, text: str) -> None:
    known = language_named(language)
    assert known is not None
    begun = time.process_time()
    assert parse(known, text) is None
    assert time.process_time() - begun < 5


def test_code_with_faults_is_still_parsed() -> None:
    known = language_named("python")
    assert known is not None
    parsed = parse(known, "def f(:\n    pass\n" * 2_000 + "def g(): return 1\n" * 20_000)
    assert parsed is not None
    assert len(parsed.definitions) > 10_000
