"""Random cursors in real files, the same for the same seed and the same name of the repository's folder."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from codeassist.documents import make_document, read_document
from codeassist.errors import DocumentError
from codeassist.types import Cursor, Document
from indexer.languages import language_of

_COMMENT = re.compile(r"^\s*(#|//|/\*|\*|--|\"\"\"|''')")
_KINDS = ("indentation", "boundary", "identifier")


@dataclass(frozen=True, slots=True)
class Case:
    """A cursor: the document without the rest of the line, and that rest. kind: where the cursor stands."""

    repository: str
    document: Document
    cursor: Cursor
    kind: str
    truth: str

    @property
    def left(self) -> str:
        """The cursor's line, which ends at the cursor."""
        return self.before.rpartition("\n")[2]

    @property
    def key(self) -> str:
        """Tells this case from every other."""
        return f"{self.repository}/{self.document.path}:{self.cursor.line}:{self.cursor.column}"

    @property
    def before(self) -> str:
        """The file up to the cursor."""
        lines = self.document.text.split("\n")
        return "\n".join(lines[: self.cursor.line + 1])

    def filled(self, text: str) -> str:
        """The file with this text at the cursor."""
        before = self.before
        return before + text + self.document.text[len(before) :]


def sample_cases(root: Path, n_cursors: int, seed: int | str) -> list[Case]:
    """Random cursors of a repository, at most one in a file."""
    rng = random.Random(f"{seed}:{root.name}")
    files = sorted(file for file in root.rglob("*") if _is_source(file, root))
    rng.shuffle(files)
    cases: list[Case] = []
    for file in files:
        if len(cases) >= n_cursors:
            break
        cases.extend(_cases_of(file, root, rng))
    return cases[:n_cursors]


def _is_source(file: Path, root: Path) -> bool:
    hidden = any(part.startswith(".") for part in file.relative_to(root).parts)
    return not hidden and file.is_file() and language_of(file.name) is not None


def _cases_of(file: Path, root: Path, rng: random.Random) -> Iterator[Case]:
    """One cursor of a file, on a line that holds code."""
    try:
        document = read_document(file, file.relative_to(root).as_posix())
    except DocumentError:
        return
    lines = document.text.split("\n")
    candidates = [number for number, line in enumerate(lines) if len(line.strip()) >= 8 and not _COMMENT.match(line)]
    if not candidates or len(lines) < 20:
        return
    number = rng.choice(candidates)
    kind = rng.choice(_KINDS)
    column = _column(lines[number], kind, rng)
    if column is None:
        return
    truth = lines[number][column:]
    lines[number] = lines[number][:column]
    cut = make_document(document.path, "\n".join(lines))
    yield Case(root.name, cut, Cursor(number, column), kind, truth)


def _column(line: str, kind: str, rng: random.Random) -> int | None:
    start = len(line) - len(line.lstrip())
    if kind == "indentation":
        return start
    inside = [at for at in range(start + 1, len(line)) if line[at - 1].isalnum() and (line[at].isalnum())]
    between = [at for at in range(start + 1, len(line)) if not (line[at - 1].isalnum() and line[at].isalnum())]
    choices = inside if kind == "identifier" else between
    return rng.choice(choices) if choices else None
