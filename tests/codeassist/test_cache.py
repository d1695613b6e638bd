from __future__ import annotations

import pytest

from codeassist.cache import SuggestionCache
from codeassist.documents import make_document
from codeassist.types import Suggestion


def check(before: str, expected: str | None, *, after: str = ")\n", path: str = "a.py") -> None:
    """What is reused with `before` left of the cursor, when `x = foo(` was answered by `bar, baz`."""
    cache = SuggestionCache()
    cache.store(make_document("a.py", "x = foo()\n"), 8, Suggestion("1", "bar, baz"))
    reused = cache.reuse(make_document(path, before + after), len(before))
    assert (reused.text if reused else None) == expected


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("x = foo(", "bar, baz"),
        ("x = foo(bar", ", baz"),
        ("x = foo(bar, baz", None),
        ("x = foo(bat", None),
        ("x = foo(b", "ar, baz"),
        ("x = fo", None),
        ("x = go(", None),
        ("", None),
    ],
)
def test_typing_along_and_taking_that_back_keeps_the_suggestion(before: str, expected: str | None) -> None:
    check(before, expected)


def test_other_files_and_other_suffixes_do_not() -> None:
    check("x = foo(", None, path="b.py")
    check("x = foo(", None, after="]\n")


def test_a_reused_suggestion_says_so() -> None:
    cache = SuggestionCache()
    document = make_document("a.py", "x = ")
    cache.store(document, 4, Suggestion("1", "1", ms={"decode": 3.0}))
    reused = cache.reuse(document, 4)
    assert reused is not None
    assert (reused.from_cache, reused.ms) == (True, {})


def test_what_was_asked_for_stays_while_it_is_typed_along() -> None:
    cache = SuggestionCache()
    cache.store(make_document("a.py", "x = "), 4, Suggestion("1", "foo(bar)"), invoked=True)
    assert cache.reuse(make_document("a.py", "x = "), 4) is None
    assert cache.reuse(make_document("a.py", "x ="), 3) is None
    typed_along = cache.reuse(make_document("a.py", "x = fo"), 6)
    assert typed_along is not None
    assert typed_along.text == "o(bar)"


@pytest.mark.parametrize(
    ("suggested", "typed", "closed", "text", "replace_right"),
    [
        ("foo(bar, baz)", "foo(", ")", "bar, baz", 0),
        ("foo(bar, baz)", "foo(ba", ")", "r, baz", 0),
        ("foo(bar).strip()", "foo(", ")", "bar).strip()", 1),
        ("'abc'", "'", "'", "abc", 0),
        ("open('a', mode)", "open('", "')", "a', mode)", 2),
        ("[{'a': 1}]", "[{", "}]", "'a': 1", 0),
    ],
)
def test_what_an_editor_closes_by_itself_keeps_a_suggestion(
    suggested: str, typed: str, closed: str, text: str, replace_right: int
) -> None:
    cache = SuggestionCache()
    cache.store(make_document("a.py", "x = \n"), 4, Suggestion("1", suggested))
    reused = cache.reuse(make_document("a.py", f"x = {typed}{closed}\n"), 4 + len(typed))
    assert reused is not None
    assert (reused.text, reused.replace_right) == (text, replace_right)
    whole = f"x = {typed}{reused.text}{closed[reused.replace_right :]}"
    assert whole == f"x = {suggested}"


def test_other_text_right_of_the_cursor_ends_a_suggestion() -> None:
    cache = SuggestionCache()
    cache.store(make_document("a.py", "x = \n"), 4, Suggestion("1", "foo(bar)"))
    assert cache.reuse(make_document("a.py", "x = foo()\n"), 9) is None
    assert cache.reuse(make_document("a.py", "x = foo(y\n"), 8) is None
    assert cache.reuse(make_document("a.py", "x = foo(]\n"), 8) is None
