"""The simulated editor and the person at it: keys, traces of commits, ghosts on the screen."""

from __future__ import annotations

import random
import statistics
import subprocess
from pathlib import Path

import pytest

from bench.editor.buffer import Buffer, Key, press
from bench.editor.ghost import Ghost, accept, along, first_line_is_right, ghost_of, is_accepted, n_right_so_far, showing
from bench.editor.replay import buffer_at, n_keys_without, places, typist_of
from bench.editor.rhythm import CORRECTIONS, Rhythm, neighbour
from bench.editor.traces import Trace, base_of, edits_between, indentation_unit, is_code, trace_of, traces
from bench.editor.typist import Goal, Typist


def buffer(marked: str, closers: str = "", language: str = "python") -> Buffer:
    """A text with its cursor at the bar."""
    left, _, right = marked.partition("|")
    return Buffer(left + right, len(left), language=language, closers=closers)


def marked(found: Buffer) -> str:
    return f"{found.left}|{found.text[found.cursor :]}"


def keys(text: str) -> list[Key]:
    """Keys by their letters: ↵ Enter, ⇥ Tab, ← Backspace, ⌦ Delete."""
    special = {"↵": Key("enter"), "⇥": Key("tab"), "←": Key("backspace"), "⌦": Key("delete")}
    return [special.get(letter, Key("type", letter)) for letter in text]


@pytest.mark.parametrize(
    ("before", "typed", "after"),
    [
        ("|", "f(x)", "f(x)|"),
        ("|", "f(", "f(|)"),
        ("|", "f([1", "f([1|])"),
        ("|word", "(", "(|word"),
        ("|", 'x = "a"', 'x = "a"|'),
        ("|", "don't", "don't|"),
        ("|", 'f"a', 'f"a|"'),
        ("|", '"""', '"""|'),
        ("|", "f(←", "f|"),
        ("    |", "←", "|"),
        ("      |", "←", "    |"),
        ("a|b", "⌦", "a|"),
        ("    x|", "↵", "    x\n    |"),
        ("if x:|", "↵y", "if x:\n    y|"),
        ("if x:|", "↵↵y", "if x:\n\n    y|"),
        ("|", "f(↵a", "f(\n    a|\n)"),
        ("|", "⇥", "    |"),
    ],
)
def test_keys_do_what_they_do_in_the_editor(before: str, typed: str, after: str) -> None:
    found = buffer(before)
    for key in keys(typed):
        found, _ = press(found, key)
    assert marked(found) == after


@pytest.mark.parametrize(
    ("language", "before", "typed", "after"),
    [
        ("go", "case x:|", "↵", "case x:\n    |"),
        ("go", "label:|", "↵", "label:\n|"),
        ("typescript", "case x:|", "↵", "case x:\n|"),
        ("rust", "fn f<|", "'a", "fn f<'a|"),
        ("rust", "fn f<'a>(x: |", '"', 'fn f<\'a>(x: "|"'),
        ("rust", "|", 'r"a', 'r"a|"'),
        ("typescript", "|", "x = `a", "x = `a|`"),
        ("typescript", "sql|", "`", "sql`|"),
        ("go", "|", "`a`", "`a`|"),
        ("python", "|", "`", "`|"),
        ("typescript", "|", "f({↵a", "f({\n    a|\n})"),
    ],
)
def test_quotes_and_indentation_are_those_of_the_language(language: str, before: str, typed: str, after: str) -> None:
    found = buffer(before, language=language)
    for key in keys(typed):
        found, _ = press(found, key)
    assert marked(found) == after


def test_every_change_leads_from_the_text_before_to_the_text_after() -> None:
    found = buffer("def f(a):|\n\nprint()\n")
    for key in keys('↵x = g("a", {↵1: [2]←←↵↵return x'):
        after, change = press(found, key)
        assert change is not None
        assert found.text[: change.start] + change.text + found.text[change.end :] == after.text
        found = after


BEFORE = """import os


def area(width, height):
    return width * height


def main():
    print(area(2, 3))
"""
AFTER = """import os
import sys


def area(width, height, *, scale=1):
    \"\"\"Of a rectangle.\"\"\"
    if scale < 0:
        raise ValueError("scale")

    return width * height * scale


def main():
    values = [
        area(2, 3),
        area(4, 5, scale={"a": 1}["a"]),
    ]
    print(values)
"""


def trace(before: str = BEFORE, after: str = AFTER) -> Trace:
    found = trace_of("shop", "c0ffee", "area.py", before, after)
    assert found is not None
    return found


def test_a_commit_is_typed_to_the_last_character() -> None:
    made = trace()
    assert made.after == AFTER
    text = made.before
    for edit, goal in places(made):
        found, typist = buffer_at(made, edit, text), typist_of(made, edit, CORRECTIONS)
        for _ in range(2000):
            key = typist.next_key(found, goal)
            if key is None:
                break
            found, _ = press(found, key)
        assert found.text == goal.left + goal.right
        text = found.text
    assert text == AFTER


def test_slips_cost_a_wrong_letter_and_a_backspace_each() -> None:
    made = trace()
    assert n_keys_without(made, 0.0) < n_keys_without(made, 0.2)
    assert (n_keys_without(made, 0.2) - n_keys_without(made, 0.0)) % 2 == 0


def test_a_slip_hits_the_key_beside_and_happens_once() -> None:
    assert neighbour("a", random.Random(1)) == "s"
    assert neighbour("(", random.Random(1)) == "("
    typist, goal = Typist("seed", 0.33), Goal("q" * 40, "")
    found, n_keys = Buffer("", 0), 0
    while (key := typist.next_key(found, goal)) is not None:
        found, _ = press(found, key)
        n_keys += 1
    assert found.text == goal.left
    assert n_keys > 40


def test_new_lines_are_typed_from_the_end_of_the_line_above() -> None:
    edits = edits_between("a\nb\n", "a\nnew\nb\n")
    assert edits is not None
    assert [(edit.offset, edit.deleted, edit.typed) for edit in edits] == [(1, "", "\nnew")]


def test_what_changes_within_a_line_is_typed_there() -> None:
    edits = edits_between("x = f(old, 1)\n", "x = f(newer, 1)\n")
    assert edits is not None
    assert [(edit.offset, edit.deleted, edit.typed) for edit in edits] == [(6, "old", "newer")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a = 1\n", "a = 1\n>>>>>>> 2dc569a... more\nlong_enough = 1\n"),
        ("a = 1\n", "a  =  1\n"),
        ("# @generated\na = 1\n", "# @generated\na = 1\nbb = 222222222222222222222\n"),
        ("a = 1\n", "a = 2\n"),
        ("a = 1\n", "a = 1\n" + "b = 2\n" * 40),
        ("remove = 'this line is much too long to be taken away with Backspace'\n", "a_new_line_of_text = 12345\n"),
    ],
    ids=["conflict", "white space", "generated", "too little", "too many lines", "too much goes"],
)
def test_what_nobody_types_is_no_trace(before: str, after: str) -> None:
    assert trace_of("shop", "c0ffee", "a.py", before, after) is None


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("src/a.py", True),
        ("web/a.ts", True),
        ("README.md", False),
        ("package-lock.json", False),
        ("api/shop_pb2.py", False),
        ("vendor/lib/a.go", False),
        ("static/jquery.min.js", False),
        ("notes.txt", False),
    ],
)
def test_code_is_typed_and_nothing_else(path: str, typed: bool) -> None:
    assert is_code(path) is typed


def test_indentation_is_read_off_the_file() -> None:
    assert indentation_unit("if a:\n  b\n  if c:\n    d\n") == "  "
    assert indentation_unit("func f() {\n\treturn\n}\n") == "\t"
    assert indentation_unit("") == "    "


def test_traces_come_from_history_and_an_index_is_of_before_all_of_them(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    root.mkdir()
    texts = ["a = 1\n", "a = 1\nfirst_of_all = a + a + a\n", "a = 1\nfirst_of_all = a + a + a\nsecond = first_of_all\n"]
    git = ["git", "-C", str(root), "-c", "user.name=a", "-c", "user.email=a@localhost"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    for text in texts:
        (root / "a.py").write_text(text)
        subprocess.run([*git, "add", "--all"], check=True)
        subprocess.run([*git, "commit", "--quiet", "--message", "more"], check=True)
    found = traces(root, 5, 1)
    assert [made.after for made in found] == texts[1:]
    base = subprocess.run([*git, "rev-parse", "HEAD~2"], check=True, capture_output=True, text=True).stdout.strip()
    assert base_of(root, found) == base


def test_the_rhythm_is_that_of_its_sources() -> None:
    rhythm = Rhythm(random.Random(1))
    gaps = [rhythm.gap_ms(Key("type", "a")) for _ in range(5000)]
    assert statistics.median(gaps) == pytest.approx(200, rel=0.05)
    assert sum(100 <= gap <= 400 for gap in gaps) / len(gaps) == pytest.approx(0.9, abs=0.02)
    assert 200 < statistics.mean(gaps) < 239
    assert [rhythm.gap_ms(Key("backspace"), n, 9 - n) for n in (1, 2, 8)] == [500.0, 33.0, 33.0]
    assert rhythm.gap_ms(Key("backspace"), 9, 0) != 33.0
    assert rhythm.gap_ms(Key("enter")) != rhythm.gap_ms(Key("enter"))


def item(text: str, line: int, start: int, end: int) -> dict[str, list[dict[str, object]]]:
    span = {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}
    return {"items": [{"insertText": text, "range": span}]}


def test_an_item_becomes_what_would_come_at_the_cursor() -> None:
    found = buffer("a\nfoo(|)")
    assert ghost_of(item("bar)", 1, 4, 5), found, 7.0) == Ghost(
        "bar)", 1, 7.0, {"insertText": "bar)", "range": item("", 1, 4, 5)["items"][0]["range"]}
    )
    replacing = ghost_of(item("foo(bar", 1, 0, 4), found, 7.0)
    assert replacing is not None
    assert replacing.text == "bar"
    assert ghost_of(item("other", 1, 0, 4), found, 7.0) is None
    assert ghost_of({"items": []}, found, 7.0) is None
    assert ghost_of(None, found, 7.0) is None


def test_positions_are_utf_16_units() -> None:
    found = buffer("'😀' |x")
    ghost = ghost_of(item("y", 0, 5, 6), found, 0.0)
    assert ghost is not None
    assert (ghost.text, ghost.n_right) == ("y", 1)


@pytest.mark.parametrize(
    ("before", "ghost", "key", "left"),
    [
        ("x|", "yz", "y", "z"),
        ("x|", "yz", "q", None),
        ("x|", "y", "y", None),
        ("f|", "(a, b)", "(", "a, b)"),
        ("x|", "\n    y", "↵", None),
        ("x|", "yz", "←", None),
    ],
)
def test_a_ghost_stays_while_it_is_typed_along(before: str, ghost: str, key: str, left: str | None) -> None:
    found = buffer(before)
    after, _ = press(found, keys(key)[0])
    kept = along(Ghost(ghost, 0, 0.0), found, keys(key)[0], after)
    assert (kept.text if kept else None) == left


def test_typing_along_over_a_bracket_that_closed_leads_to_the_suggested_text() -> None:
    found = buffer("f|")
    after, _ = press(found, Key("type", "("))
    kept = along(Ghost("(a, b)", 0, 0.0), found, Key("type", "("), after)
    assert kept is not None
    accepted, _ = accept(kept, after)
    assert marked(accepted) == "f(a, b)|"
    assert accepted.closers == ""


def test_two_suggestions_that_leave_the_same_text_are_one() -> None:
    found = buffer("f(|)", closers=")")
    assert showing(Ghost("a)", 1, 0.0), Ghost("a", 0, 0.0), found) == "kept"
    assert showing(Ghost("a", 0, 0.0), Ghost("b", 0, 0.0), found) == "replaced"
    assert showing(Ghost("a", 0, 0.0), Ghost("a\nb", 0, 0.0), buffer("x|")) == "extended"
    assert showing(Ghost("a", 0, 0.0), None, found) == "vanished"
    assert showing(None, Ghost("a", 0, 0.0), found) == "appeared"
    assert showing(None, None, found) == "none"


def test_a_suggestion_is_right_as_far_as_it_comes_next() -> None:
    found, goal = buffer("x = |\n"), Goal("x = call(a)\ny = 2", "\n")
    right, half = Ghost("call(a)", 0, 0.0), Ghost("call(b)\nz", 0, 0.0)
    assert n_right_so_far(right, found, goal) == 7
    assert n_right_so_far(half, found, goal) == 5
    assert first_line_is_right(right, found, goal)
    assert not first_line_is_right(half, found, goal)
    assert first_line_is_right(Ghost("call(a)\nz = 3", 0, 0.0), found, goal)


def test_the_user_accepts_what_is_right_long_enough_there_and_worth_it() -> None:
    found, goal = buffer("x = |\n"), Goal("x = call(a)\ny = 2", "\n")
    ghost = Ghost("call(a)", 0, 1000.0)
    assert is_accepted(ghost, found, goal, 1300.0)
    assert not is_accepted(ghost, found, goal, 1200.0)
    assert not is_accepted(Ghost("cal", 0, 1000.0), found, goal, 1300.0)
    assert not is_accepted(Ghost("call(b)", 0, 1000.0), found, goal, 1300.0)
    assert not is_accepted(Ghost("call(a)", 1, 1000.0), found, goal, 1300.0)
    assert not is_accepted(None, found, goal, 1300.0)
