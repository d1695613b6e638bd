from __future__ import annotations

from io import StringIO

from rich.console import Console

from codeassist.commands.places import Position
from codeassist.commands.show import figures, ghost_text, sources_table
from codeassist.types import Document, Source, Suggestion, Usage

DOCUMENT = Document("a.py", "one\ntwo\nthree(\nfour\nfive\n")


def shown(suggestion: Suggestion, line: int = 3, col: int = 7) -> list[str]:
    return ghost_text(DOCUMENT, Position("a.py", line, col), suggestion).plain.split("\n")


def test_the_suggestion_stands_in_its_line_among_its_neighbours() -> None:
    assert shown(Suggestion("s", "x)")) == ["    1 │ one", "    2 │ two", "    3 │ three(x)", "    4 │ four"]


def test_suggested_lines_have_no_number() -> None:
    lines = shown(Suggestion("s", "\n    x,\n)"))
    assert lines[2:] == ["    3 │ three(", "      │     x,", "      │ )", "    4 │ four"]


def test_what_is_replaced_is_not_shown() -> None:
    assert shown(Suggestion("s", "EE[", replace_left=2, replace_right=1), col=6)[2] == "    3 │ thrEE["


def test_nothing_suggested_shows_where_the_cursor_is() -> None:
    assert shown(Suggestion("s", ""), line=1, col=1) == ["    1 │ ▏one", "    2 │ two"]


def test_the_last_line_has_no_neighbour_below() -> None:
    assert shown(Suggestion("s", "end"), line=6, col=1)[-1] == "    6 │ end"


def test_a_path_in_brackets_is_shown_as_it_is() -> None:
    console = Console(file=StringIO(), width=120)
    console.print(sources_table([Source("app/[id]/page.tsx", 1, 2, "uses `[x]`", 3)]))
    assert "app/[id]/page.tsx" in console.file.getvalue()  # type: ignore[attr-defined]
    assert "uses `[x]`" in console.file.getvalue()  # type: ignore[attr-defined]


def test_figures_tell_tokens_and_milliseconds() -> None:
    text = figures(Suggestion("s", "x", usage=Usage(200, 150, 3), ms={"total": 12.4}, confidence=0.5)).plain
    assert text == "tokens  200 in · 150 from cache (75%) · 3 out · confidence 0.50\nms      total 12"
