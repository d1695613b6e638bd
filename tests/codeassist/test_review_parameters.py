"""New parameters that nothing uses, changed code without its tests, and what the static pass reads at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from reviewed import found_in, reviewed

from codeassist.review.changes import ChangedFile, Changes


@pytest.mark.parametrize(
    ("before", "change", "unused"),
    [
        ("== a.py\ndef f(a): return a\n", "== a.py\ndef f(a, b): return a\n", "b"),
        ("== a.py\ndef f(a): return a\n", "== a.py\ndef f(a, *, b=1): return a\n", "b"),
        ("== a.py\ndef f(a): return a\n", "== a.py\ndef f(a, b): return a + b\n", ""),
        ("== a.py\ndef f(a): return a\n", "== a.py\ndef f(a, _b): return a\n", ""),
        ("== a.py\ndef f(a): return a\n", "== a.py\ndef f(a, *b, **c): return a\n", ""),
        ("== a.py\ndef f(a): ...\n", "== a.py\ndef f(a, b): ...\n", ""),
        ("== a.py\ndef f(a): return 1\n", "== a.py\ndef f(a, b): raise NotImplementedError\n", ""),
        ("== a.py\ndef f(a): return 1\n", "== a.py\ndef f(a, b): return locals()\n", ""),
        ("== a.py\n@hook\ndef f(a): return 1\n", "== a.py\n@hook\ndef f(a, b): return 1\n", ""),
        ("== a.py\ndef f(a): return 1\nx = [f]\n", "== a.py\ndef f(a, b): return 1\nx = [f]\n", ""),
        (
            "== a.py\nclass A(B):\n    def f(self): return 1\n",
            "== a.py\nclass A(B):\n    def f(self, b): return 1\n",
            "",
        ),
        ("== a.py\nclass A:\n    def f(self): return 1\n", "== a.py\nclass A:\n    def f(self, b): return 1\n", "b"),
        (
            "== a.py\nclass A:\n    def f(self): return 1\nclass B:\n    def f(self): return 2\n",
            "== a.py\nclass A:\n    def f(self, b): return 1\nclass B:\n    def f(self): return 2\n",
            "",
        ),
        ("== test_a.py\ndef test_f(a): return a\n", "== test_a.py\ndef test_f(a, b): return a\n", ""),
        (
            "== a.ts\nfunction f(a: number) { return a }\n",
            "== a.ts\nfunction f(a: number, b: number) { return a }\n",
            "b",
        ),
        (
            "== a.go\npackage a\n\nfunc f(a int) int { return a }\n",
            "== a.go\npackage a\n\nfunc f(a, b int) int { return a }\n",
            "b",
        ),
        ("== a.rs\nfn f(a: i32) -> i32 { a }\n", "== a.rs\nfn f(a: i32, b: i32) -> i32 { a }\n", "b"),
        (
            "== A.java\nclass A { int f(int a) { return a; } }\n",
            "== A.java\nclass A { int f(int a, int b) { return a; } }\n",
            "b",
        ),
    ],
)
def test_new_parameters_that_nothing_uses(tmp_path: Path, before: str, change: str, unused: str) -> None:
    found = [one for one in reviewed(tmp_path, before, change) if one.category == "unused-parameter"]
    assert [one.message.split("`")[1] for one in found] == ([unused] if unused else [])
    assert all(one.severity == "note" for one in found)


SOURCE = "== a.py\ndef count_all(a):\n    b = a\n    c = b\n    return c\n"
CHANGED = "== a.py\ndef count_all(a):\n    b = a + 1\n    c = b + 1\n    return c + 1\n"
TEST = "== tests/test_a.py\nfrom a import count_all\n\n\ndef test_it():\n    assert count_all(1) == 1\n"


@pytest.mark.parametrize(
    ("before", "change", "evidence"),
    [
        (SOURCE + TEST, CHANGED, ["tests/test_a.py:5"]),
        (SOURCE, CHANGED, []),
        (SOURCE + TEST, CHANGED + TEST.replace("1) == 1", "1) == 4"), []),
        (SOURCE + TEST, SOURCE.replace("b = a", "b = a  # as it is"), []),
    ],
)
def test_changed_code_whose_tests_stay_is_a_note_that_is_hidden_unless_asked_for(
    tmp_path: Path, before: str, change: str, evidence: list[str]
) -> None:
    found = [one for one in reviewed(tmp_path, before, change) if one.category == "untested-change"]
    assert [one.evidence for one in found] == evidence
    assert all(one.confidence < 0.5 and one.severity == "note" for one in found)


def test_what_is_staged_counts_and_not_what_lies_in_the_work_tree(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "shop.py").write_text("def new(): ...\n")
    (tmp_path / "use.py").write_text("")
    staged = ChangedFile("shop.py", "modified", "", "def old(): ...\n", "def other(): ...\n")
    use = ChangedFile("use.py", "modified", "", "", "from shop import new\n")
    (finding,) = found_in(tmp_path, Changes("staged changes", (staged, use)))
    assert (finding.category, finding.path, finding.start_line) == ("missing-name", "use.py", 1)


def test_a_file_that_is_deleted_in_the_index_alone_is_gone(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text("def old(): ...\n")
    (tmp_path / "use.py").write_text("from shop import old\n")
    gone = ChangedFile("shop.py", "deleted", "", "def old(): ...\n", None)
    (finding,) = found_in(tmp_path, Changes("staged changes", (gone,)))
    assert (finding.category, finding.path, finding.evidence) == ("removed-symbol", "use.py", "shop.py:1")


def test_nothing_is_looked_for_when_time_is_up(tmp_path: Path) -> None:
    (tmp_path / "use.py").write_text("from use import old\n")
    file = ChangedFile("use.py", "modified", "", "", "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> topic\n")
    assert found_in(tmp_path, Changes("staged changes", (file,)), seconds=0.0) == []


@pytest.mark.parametrize("text", ["def f(:\n", "\x00\x01", "def f(a" + ", b" * 5000 + "): ...\n", "((((" * 2000])
def test_texts_that_are_no_code_cost_nothing_but_the_look(tmp_path: Path, text: str) -> None:
    assert reviewed(tmp_path, "== a.py\ndef f(a): ...\nf(1)\n", f"== a.py\n{text}") == []
