"""What a unified diff says, whoever wrote it."""

from __future__ import annotations

import pytest

from codeassist.errors import DiffUnusable
from codeassist.review.diffs import read_diff

PLAIN = b"""--- old.py\t2024-01-01 00:00:00
+++ new.py\t2024-01-02 00:00:00
@@ -1,2 +1,2 @@
 a
-b
+c
"""
QUOTED = rb"""diff --git "a/\303\244 \"x\".py" "b/\303\244 \"x\".py"
index 422c2b7..0f7bc76 100644
--- "a/\303\244 \"x\".py"<tab>
+++ "b/\303\244 \"x\".py"<tab>
@@ -2 +2 @@
-b
+c
""".replace(b"<tab>", b"\t")
RENAMED = rb"""diff --git a/mv.py "b/m\303\266 v.py"
similarity index 100%
rename from mv.py
rename to "m\303\266 v.py"
diff --git a/one two.py b/one two.py
old mode 100644
new mode 100755
"""


def names(content: bytes) -> list[tuple[str, str]]:
    return [(file.old, file.new) for file in read_diff(content)]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (PLAIN, [("old.py", "new.py")]),
        (QUOTED, [('ä "x".py', 'ä "x".py')]),
        (RENAMED, [("mv.py", "mö v.py"), ("one two.py", "one two.py")]),
        (b"--- /dev/null\n+++ b/x.py\n@@ -0,0 +1 @@\n+a\n", [("", "x.py")]),
        (b"--- a/x.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n", [("x.py", "")]),
        (b"--- i/x.py\n+++ w/x.py\n@@ -1 +1 @@\n-a\n+b\n", [("x.py", "x.py")]),
        (b"--- x.py\n+++ x.py\n@@ -1 +1 @@\n-a\n+b\n", [("x.py", "x.py")]),
        (b"--- lib/x.py\n+++ lib/x.py\n@@ -1 +1 @@\n-a\n+b\n", [("lib/x.py", "lib/x.py")]),
        (b"diff --git a/e.py b/e.py\nnew file mode 100644\nindex 0000000..e69de29\n", [("", "e.py")]),
        (b"diff --git a/e.py b/e.py\ndeleted file mode 100644\nindex e69de29..0000000\n", [("e.py", "")]),
        (b"", []),
        (b"\n \n", []),
    ],
)
def test_names(content: bytes, expected: list[tuple[str, str]]) -> None:
    assert names(content) == expected


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"diff --git a/x.png b/x.png\nindex 1..2 100644\nBinary files a/x.png and b/x.png differ\n", "binary"),
        (b"diff --git a/x.png b/x.png\nindex 1..2 100644\nGIT binary patch\nliteral 4\nLcmZ\n", "binary"),
        (b"diff --git a/s b/s\nindex 1..2 160000\n--- a/s\n+++ b/s\n@@ -1 +1 @@\n-Sub 1\n+Sub 2\n", "submodule"),
        (b"diff --git a/l b/l\nnew file mode 120000\nindex 0..2\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+t\n",
         "symbolic link"),
    ],
)  # fmt: skip
def test_what_has_no_lines_to_review(content: bytes, kind: str) -> None:
    assert [file.kind for file in read_diff(content)] == [kind]


def test_lines_that_look_like_heads_are_lines() -> None:
    content = b"--- a/x.sql\n+++ b/x.sql\n@@ -1,2 +1,2 @@\n--- drop\n+++ add\n a\n@@ -9 +9 @@\n-- old\n+- new\n"
    (file,) = read_diff(content)
    assert [(hunk.old, hunk.new) for hunk in file.hunks] == [([b"-- drop", b"a"], [b"++ add", b"a"]),
                                                             ([b"- old"], [b"- new"])]  # fmt: skip


def test_a_mail_around_it_and_windows_line_ends_are_passed_over() -> None:
    content = (
        b"From: me\r\n\r\nSubject\r\n---\r\n x.py | 2 +-\r\n\r\n" + PLAIN.replace(b"\n", b"\r\n") + b"-- \r\n2.39\r\n"
    )
    (file,) = read_diff(content)
    assert file.new == "new.py"
    assert file.hunks[0].new == [b"a\r", b"c\r"]


def test_no_newline_at_the_end_is_no_line() -> None:
    (file,) = read_diff(
        b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n"
    )
    assert (file.hunks[0].old, file.hunks[0].new) == ([b"a"], [b"b"])


@pytest.mark.parametrize("content", [b"hello\n", b"\x00\xff\x00", b"@@ -1 +1 @@\n-a\n+b\n", b'{"a": 1}'])
def test_what_is_no_diff_is_refused(content: bytes) -> None:
    with pytest.raises(DiffUnusable, match="no unified diff"):
        read_diff(content)


@pytest.mark.parametrize("cut", [b"@@ -1,3 +1,3 @@\n a\n", b"@@ -1,3 +1,3 @@\n a\n-b\nxyz\n", b"@@ -1,2 +1,2 @@\n"])
def test_a_diff_that_is_cut_off_is_refused(cut: bytes) -> None:
    with pytest.raises(DiffUnusable, match="line 3: the diff is cut off"):
        read_diff(b"--- a/x\n+++ b/x\n" + cut)
