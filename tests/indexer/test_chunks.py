from __future__ import annotations

import pytest

from indexer.analysis import TOO_SLOW, analyse, analyse_lines
from indexer.chunks import MAX_CHARS, MAX_LINES, content_hash
from indexer.files import SourceFile
from indexer.types import Chunk


def chunks(path: str, text: str) -> tuple[Chunk, ...]:
    return analyse(SourceFile(path, text, len(text))).chunks


def function(name: str, n_lines: int) -> str:
    return f"def {name}():\n" + "".join(f"    x{n} = {n}\n" for n in range(n_lines - 2)) + "    return 1\n\n\n"


def spans(path: str, text: str) -> list[tuple[int, int]]:
    return [(chunk.start_line, chunk.end_line) for chunk in chunks(path, text)]


def test_definitions_that_fit_are_kept_whole() -> None:
    text = function("a", 30) + function("b", 30)
    assert spans("m.py", text) == [(1, 30), (33, 62)]


def test_small_definitions_share_a_chunk() -> None:
    assert spans("m.py", function("a", 4) + function("b", 4)) == [(1, 10)]


def test_a_long_class_is_cut_between_its_methods() -> None:
    body = "".join("    " + line + "\n" for name in "abcd" for line in function(name, 15).strip().split("\n"))
    found = spans("m.py", f"class Long:\n{body}")
    assert found == [(1, 16), (17, 31), (32, 46), (47, 61)]


def test_a_comment_stays_with_the_definition_below_it() -> None:
    text = function("a", 25) + "# About b.\n# More.\n" + function("b", 25)
    assert spans("m.py", text) == [(1, 25), (28, 54)]


def test_a_file_without_grammar_gets_windows_that_end_at_blank_lines() -> None:
    paragraph = "words\n" * 15 + "\n"
    found = spans("notes.txt", paragraph * 4)
    assert found == [(1, 31), (33, 63)]


N_LEVELS = 1500

# Ordinary code that nests deeper than Python recurses.
DEEP = {
    "callbacks": ("m.js", "f(function(){\n" * N_LEVELS + "go();\n" + "});\n" * N_LEVELS),
    "else if": ("m.js", "if (a) {\n  go();\n}" + " else if (b) {\n  go();\n}" * N_LEVELS + "\n"),
    "a long sum": ("m.py", 'text = ("a"\n' + '  + "b"\n' * N_LEVELS + ")\n"),
}

SHAPES = DEEP | {
    "one long expression": ("m.py", "x = [\n" + "    1,\n" * 200 + "]\n"),
    "no newline at the end": ("m.py", "a = 1\nb = 2"),
    "only blank lines": ("m.py", "\n" * 50),
    "empty": ("m.py", ""),
    "form feeds": ("m.py", "a = 1\f\nb = 2\n"),
    "a line too long to show": ("m.txt", "a\n" + "x" * (MAX_CHARS + 1) + "\nb\n"),
    "many functions": ("m.py", "".join(function(f"f{n}", 3 + n % 60) for n in range(40))),
    "broken": ("m.py", "def f(:\n" + "  ((((\n" * 100),
    "javascript": ("m.js", "describe('a', () => {\n" + "  it('b', () => {\n    go();\n  });\n" * 60 + "});\n"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_chunks_are_whole_lines_in_order_and_cover_every_line_once(shape: str) -> None:
    path, text = SHAPES[shape]
    lines = text.split("\n")
    seen: list[int] = []
    for chunk in chunks(path, text):
        assert chunk.text == "\n".join(lines[chunk.start_line - 1 : chunk.end_line])
        assert chunk.content_hash == content_hash(chunk.text)
        assert len(chunk.text) <= MAX_CHARS
        assert chunk.end_line - chunk.start_line < MAX_LINES
        seen += range(chunk.start_line, chunk.end_line + 1)
    assert seen == sorted(set(seen))
    left_out = [lines[row - 1] for row in range(1, len(lines) + 1) if row not in set(seen)]
    assert all(not line.strip() or len(line) > MAX_CHARS for line in left_out)


@pytest.mark.parametrize("shape", DEEP)
def test_deep_syntax_keeps_its_symbols(shape: str) -> None:
    path, text = DEEP[shape]
    head = {"m.js": "function first() {\n  go();\n}\n", "m.py": "def first(): pass\n"}[path]
    facts = analyse(SourceFile(path, head + text, len(text)))
    assert facts.symbols.symbols[0].name == "first"


@pytest.mark.timeout(20)
@pytest.mark.parametrize("n_levels", [1200, 4000])
def test_braces_that_nest_too_deeply_cost_an_import_alone(n_levels: int) -> None:
    text = "use std::{io, a::{b, c as d}};\nuse " + "a::{" * n_levels + "b" + "}" * n_levels + ";\nfn main() {}\n"
    facts = analyse(SourceFile("m.rs", text, len(text)))
    assert [symbol.name for symbol in facts.symbols.symbols] == ["main"]
    assert [item.alias for item in facts.symbols.imports] == ["io", "b", "d"]


def test_a_file_that_is_not_to_be_parsed_gets_line_chunks_and_no_symbols() -> None:
    text = function("a", 60)
    facts = analyse_lines(SourceFile("m.py", text, len(text)), TOO_SLOW)
    assert (facts.symbols.symbols, facts.unparsed) == ((), TOO_SLOW)
    assert [chunk.language for chunk in facts.chunks] == ["python"] * len(facts.chunks)
    assert facts.chunks
