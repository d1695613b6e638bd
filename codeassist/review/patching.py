"""All remedies of a report as one patch that `git apply` takes. Reads files of the work tree: for a thread."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from codeassist.findings.types import Finding, Replacement
from codeassist.review.changes import lines_of
from codeassist.review.file_texts import MAX_FILE_BYTES
from codeassist.review.remedies import applies
from codeassist.review.tree import ReviewedTree
from indexer.files import decode, read_bytes
from indexer.secret_rules import holds_secret
from indexer.types import SkippedFile

_NO_NEWLINE = b"\\ No newline at end of file\n"
_QUOTED = re.compile(rb'[\x00-\x1f"\\\x7f-\xff]')


@dataclass(frozen=True, slots=True)
class Patch:
    """content: the patch, b"" for none. n_remedies: how many are in it. left_out: which are not, and why."""

    content: bytes
    n_remedies: int
    left_out: tuple[str, ...]


def patch_of(findings: Sequence[Finding], tree: ReviewedTree) -> Patch:
    """The remedies of findings; of two that overlap the first one."""
    content, n_remedies, left_out = b"", 0, []
    by_path: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.replacement is not None:
            by_path.setdefault(finding.path, []).append(finding)
    for path, of_file in sorted(by_path.items()):
        text = tree.text(path)
        chosen = _chosen(of_file, text or "")
        left_out += [f"{path}:{one.start_line}: it overlaps another remedy" for one in of_file if one not in chosen]
        part = _of_file(tree, path, text, [one.replacement for one in chosen if one.replacement]) if text else ""
        if isinstance(part, str):
            left_out.append(f"{path}: {part or 'the file is gone'}")
            continue
        content += part
        n_remedies += len(chosen)
    return Patch(content, n_remedies, tuple(left_out))


def _chosen(findings: Sequence[Finding], text: str) -> list[Finding]:
    chosen: list[Finding] = []
    for one in findings:
        mine = one.replacement
        others = [other.replacement for other in chosen if other.replacement is not None]
        if mine is not None and applies(text, mine) and not any(_touch(mine, other) for other in others):
            chosen.append(one)
    return chosen


def _touch(one: Replacement, other: Replacement) -> bool:
    """Whether they have lines in common; what is put in between two lines has both."""
    first, second = ((r.start_line - (r.end_line < r.start_line), max(r.end_line, r.start_line)) for r in (one, other))
    return first[0] <= second[1] and second[0] <= first[1]


def _of_file(tree: ReviewedTree, path: str, text: str, remedies: Sequence[Replacement]) -> bytes | str:
    """The part of one file, or why there is none. Its bytes are those of the work tree, line ends included."""
    before = _raw_lines(tree, path, text)
    if isinstance(before, str):
        return before
    encoding = _encoding(before)
    ends = b"\r\n" if before and before[0].endswith(b"\r\n") else b"\n"
    after = list(before)
    for one in sorted(remedies, key=lambda remedy: -remedy.start_line):
        try:
            new = [line.encode(encoding) + ends for line in lines_of(one.text)] if one.text else []
        except UnicodeEncodeError:
            return f"the remedy has characters that {encoding} has not"
        at, end = one.start_line - 1, one.end_line
        if end == len(before) and before and not before[-1].endswith(b"\n"):
            new = [*new[:-1], new[-1].removesuffix(ends)] if new else []
            if at == end:  # behind a last line that has no end
                return "the file has no newline at its end"
        after[at:end] = new
    part = _unified(before, after, path)
    return "it would show a secret" if holds_secret(part.decode("latin-1")) else part


def _raw_lines(tree: ReviewedTree, path: str, text: str) -> list[bytes] | str:
    """The lines of a text as the work tree has them, with their ends; where it has others, in UTF-8."""
    content = read_bytes(tree.root, path, MAX_FILE_BYTES // 1024)
    if isinstance(content, SkippedFile) or decode(content) != text:
        return [f"{line}\n".encode("utf-8", "surrogateescape") for line in text.split("\n")[:-1]] + (
            [text.rpartition("\n")[2].encode("utf-8", "surrogateescape")] if not text.endswith("\n") else []
        )
    if b"\0" in content:
        return "git takes it for binary"
    lines = content.split(b"\n")
    raw = [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    return raw if len(raw) == len(lines_of(text)) else "some of its lines end as git ends none"


def _encoding(lines: Sequence[bytes]) -> str:
    try:
        b"".join(lines).decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def _unified(before: Sequence[bytes], after: Sequence[bytes], path: str) -> bytes:
    names = _name("a", path), _name("b", path)
    lines = difflib.diff_bytes(difflib.unified_diff, before, after, *names, lineterm=b"\n")
    return b"".join(line if line.endswith(b"\n") else line + b"\n" + _NO_NEWLINE for line in lines)


def _name(side: str, path: str) -> bytes:
    """As git quotes it; a tab behind it keeps a name with spaces whole."""
    raw = f"{side}/{path}".encode("utf-8", "surrogateescape")
    if not _QUOTED.search(raw):
        return raw + b"\t" * (b" " in raw)
    return b'"' + _QUOTED.sub(lambda found: b"\\%03o" % found[0][0], raw) + b'"'
