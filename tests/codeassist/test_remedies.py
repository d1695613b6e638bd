"""Remedies apply, parse, and become one patch that the real `git apply` takes."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
from review_world import CLEAN, World, made

from codeassist.findings.types import Finding, Replacement
from codeassist.review import gathering
from codeassist.review.patching import Patch, patch_of
from codeassist.review.remedies import applied, applies, checked, is_sound
from codeassist.review.tree import ReviewedTree

TEXT = "a = 1\nb = 2\nc = 3\n"


def finding(replacement: Replacement | None, path: str = "a.py", **others: Any) -> Finding:
    fields = {"id": "1", "start_line": 1, "end_line": 1, "severity": "warning", "category": "bug", "message": "m"}
    return Finding(path=path, evidence="", replacement=replacement, **(fields | others))


APPLIED = [
    (Replacement(2, 2, "b = 3"), "a = 1\nb = 3\nc = 3\n"),
    (Replacement(1, 2, "x"), "x\nc = 3\n"),
    (Replacement(2, 2, ""), "a = 1\nc = 3\n"),
    (Replacement(2, 1, "new\nlines"), "a = 1\nnew\nlines\nb = 2\nc = 3\n"),
    (Replacement(4, 3, "end"), "a = 1\nb = 2\nc = 3\nend\n"),
    (Replacement(1, 3, ""), ""),
    (Replacement(1, 0, "first"), "first\na = 1\nb = 2\nc = 3\n"),
]


@pytest.mark.parametrize(("replacement", "expected"), APPLIED)
def test_applied(replacement: Replacement, expected: str) -> None:
    assert applies(TEXT, replacement)
    assert applied(TEXT, replacement) == expected


@pytest.mark.parametrize("lines", [(0, 1), (3, 4), (5, 4), (3, 1), (-1, 0)])
def test_lines_that_are_not_there(lines: tuple[int, int]) -> None:
    assert not applies(TEXT, Replacement(*lines, "x"))


@pytest.mark.parametrize(
    ("path", "text", "replacement", "expected"),
    [
        ("a.py", TEXT, Replacement(1, 1, "a = 2"), True),
        ("a.py", TEXT, Replacement(1, 1, "a = 1"), False),
        ("a.py", TEXT, Replacement(1, 1, "a = (("), False),
        ("a.py", "a = ((\n", Replacement(1, 1, "a = (1"), True),
        ("a.py", "def f():\n    g()\n\n\nx = 1\n", Replacement(2, 2, ""), False),
        ("a.py", "def f():\n    g()\n    # why\n\n\nx = 1\n", Replacement(2, 2, ""), False),
        ("a.py", "def f():\n    g()\n    h()\n", Replacement(2, 2, ""), True),
        ("a.unknown", "a((\n", Replacement(1, 1, "b(("), True),
        ("a.js", "let a = 1;\n", Replacement(1, 1, "let a = {;"), False),
    ],
)
def test_what_is_sound(path: str, text: str, replacement: Replacement, expected: bool) -> None:
    assert is_sound(path, text, replacement) is expected


def test_what_is_not_sound_loses_its_remedy_and_stays_a_finding() -> None:
    for text, replacement in ((None, Replacement(1, 1, "x")), (TEXT, Replacement(9, 9, "x")),
                              (TEXT, Replacement(1, 1, f"a = 'AKIA{'QWERTYUIOPASDFGH'}'"))):  # fmt: skip
        one = checked(finding(replacement), text)
        assert (one.id, one.replacement) == ("1", None)
    assert checked(finding(None), None).replacement is None


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = made(tmp_path / "repo")
    world.git("config", "core.autocrlf", "false")
    return world


def git_apply(world: World, content: bytes) -> None:
    subprocess.run(["git", "apply", "-"], cwd=world.root, env=CLEAN, input=content, check=True, timeout=60)


def patched(world: World, *findings: Finding) -> Patch:
    world.git("add", "-A")
    changes = gathering.staged(world.root)
    return patch_of(findings, ReviewedTree(world.root, changes))


@pytest.mark.parametrize(("replacement", "expected"), [case for case in APPLIED if case[1]])
@pytest.mark.parametrize(("name", "end"), [("a.py", "\n"), ("with space.py", "\r\n"), ('q"\u00e4\t.py', "\n")])
def test_git_applies_the_patch(world: World, replacement: Replacement, expected: str, name: str, end: str) -> None:
    world.put(name, TEXT.replace("\n", end))
    result = patched(world, finding(replacement, name))
    git_apply(world, result.content)
    assert (world.root / name).read_bytes().decode() == expected.replace("\n", end)
    assert (result.n_remedies, result.left_out) == (1, ())


def test_git_applies_the_patch_that_empties_a_file(world: World) -> None:
    world.put("a.py", TEXT)
    git_apply(world, patched(world, finding(Replacement(1, 3, ""))).content)
    assert (world.root / "a.py").read_bytes() == b""


@pytest.mark.parametrize(("replacement", "expected"), [
    (Replacement(2, 2, "c"), b"a\nc"), (Replacement(1, 1, "c"), b"c\nb"), (Replacement(2, 2, ""), b"a\n"),
])  # fmt: skip
def test_a_file_without_a_newline_at_its_end(world: World, replacement: Replacement, expected: bytes) -> None:
    world.put("a.txt", b"a\nb")
    git_apply(world, patched(world, finding(replacement, "a.txt")).content)
    assert (world.root / "a.txt").read_bytes() == expected


def test_bytes_of_other_encodings_stay_as_they_are(world: World) -> None:
    world.put("latin.py", "# gr\xfc\xdfe\na = 1\n".encode("latin-1"))
    world.put("bom.py", b"\xef\xbb\xbfa = 1\nb = 2\n")
    result = patched(
        world, finding(Replacement(2, 2, "a = '\xe9'"), "latin.py"), finding(Replacement(2, 2, "b = 3"), "bom.py")
    )
    git_apply(world, result.content)
    assert (world.root / "latin.py").read_bytes() == "# gr\xfc\xdfe\na = '\xe9'\n".encode("latin-1")
    assert (world.root / "bom.py").read_bytes() == b"\xef\xbb\xbfa = 1\nb = 3\n"


def test_many_remedies_of_many_files_are_one_patch(world: World) -> None:
    chance = random.Random(3)
    expected, findings = {}, []
    for name in ("a.py", "b.py", "c.py"):
        lines = [f"v{number} = {chance.randrange(9)}" for number in range(60)]
        world.put(name, "".join(f"{line}\n" for line in lines))
        for row in sorted(chance.sample(range(0, 60, 3), 8), reverse=True):
            findings.append(finding(Replacement(row + 1, row + 1, f"v{row} = 'new'\n# more"), name))
            lines[row : row + 1] = [f"v{row} = 'new'", "# more"]
        expected[name] = "".join(f"{line}\n" for line in lines)
    result = patched(world, *findings)
    git_apply(world, result.content)
    assert {name: (world.root / name).read_text() for name in expected} == expected
    assert result.n_remedies == 24


def test_of_remedies_that_overlap_the_first_is_taken(world: World) -> None:
    world.put("a.py", TEXT)
    result = patched(world, finding(Replacement(1, 2, "x = 1")), finding(Replacement(2, 3, "y = 1")),
                     finding(Replacement(2, 1, "z = 1")))  # fmt: skip
    git_apply(world, result.content)
    assert (world.root / "a.py").read_text() == "x = 1\nc = 3\n"
    assert [note.partition(": ")[2] for note in result.left_out] == ["it overlaps another remedy"] * 2


def test_a_patch_of_what_is_staged_applies_beside_edits_that_are_not(world: World) -> None:
    world.put("a.py", "".join(f"v{number} = 1\n" for number in range(40)))
    world.git("add", "-A")
    world.put("a.py", "# not staged\n" + "".join(f"v{number} = 1\n" for number in range(40)))
    changes = gathering.staged(world.root)
    result = patch_of([finding(Replacement(30, 30, "v29 = 2"))], ReviewedTree(world.root, changes))
    git_apply(world, result.content)
    assert (world.root / "a.py").read_text().splitlines()[30] == "v29 = 2"


def test_no_patch_shows_a_secret_or_is_of_binary_lines(world: World) -> None:
    world.put("a.py", f"key = 'AKIA{'QWERTYUIOPASDFGH'}'\nb = 2\n")
    world.put("b.py", "a = 1\rb = 2\n")
    world.put("c.py", "a = 1\nb = 2\n".encode("utf-16"))
    result = patched(world, *(finding(Replacement(2, 2, "b = 3"), name) for name in ("a.py", "b.py", "c.py", "d.py")))
    assert result.content == b""
    assert result.left_out == (
        "a.py: it would show a secret",
        "b.py: some of its lines end as git ends none",
        "c.py: git takes it for binary",
        "d.py: its text is not known",
    )
