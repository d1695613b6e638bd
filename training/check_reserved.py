"""What must not be trained on: reserved repositories by name, and text that overlaps the open evaluation sets.

    python -m training.check_reserved EVALUATION_SETS [PART.jsonl...]

Exit status 1 when the manifest names a reserved source. Of the parts it lists folders that are named like a reserved
project: mostly integrations, but a package may carry a copy of another one, so read the list.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

N_GRAM = 13

_WORD = re.compile(r"\w+")
_TABLE_BITS = 24
_COMMENT = re.compile(r"^\s*(#|//).*$", re.M)
# Names that stand for a benchmark or a project without its owner.
_PLAIN = frozenset(
    {
        "pysnooper",
        "ansible",
        "black",
        "cookiecutter",
        "fastapi",
        "httpie",
        "keras",
        "luigi",
        "matplotlib",
        "pandas",
        "sanic",
        "scrapy",
        "spacy",
        "thefuck",
        "tornado",
        "tqdm",
        "youtube-dl",
        "humaneval",
        "human-eval",
        "mbpp",
        "repoeval",
        "crosscodeeval",
        "repobench",
        "safim",
        "execrepobench",
        "quixbugs",
        "defects4j",
        "bugsinpy",
        # The projects of Defects4J 2.0 (https://github.com/rjust/defects4j), which RESERVED.md names as one.
        "jfreechart",
        "closure-compiler",
        "commons-cli",
        "commons-codec",
        "commons-collections",
        "commons-compress",
        "commons-csv",
        "commons-jxpath",
        "commons-lang",
        "commons-math",
        "gson",
        "jackson-core",
        "jackson-databind",
        "jackson-dataformat-xml",
        "joda-time",
        "jsoup",
        "mockito",
    }
)


@dataclass(frozen=True, slots=True)
class Reserved:
    """Names in lower case, with hyphens for underscores: `owner/name` and bare project names."""

    names: frozenset[str]

    def touches(self, name: str) -> bool:
        """Whether a repository or package is reserved: by its full name, by its last part, or by an owner that has the
        name of a plain project (`httpie/cli`).
        """
        lowered = name.lower().replace("_", "-")
        owner, _, last = lowered.rpartition("/")
        return lowered in self.names or last in self.names or owner in _PLAIN


def reserved_names(file: Path) -> Reserved:
    """Every owner/name that RESERVED.md spells, its bare last part (packages have no owner), and the plain projects."""
    full = set(re.findall(r"[\w.-]+/[\w.-]+", file.read_text(encoding="utf-8").lower()))
    bare = {name.split("/")[-1] for name in full if len(name.split("/")[-1]) > 3}
    return Reserved(frozenset(name.replace("_", "-") for name in full | bare | _PLAIN))


@dataclass(frozen=True, slots=True)
class Overlap:
    """Hashes of the evaluation sets' 13-grams of words. Hashes hold within one process and its forks."""

    grams: NDArray[np.uint64]
    table: NDArray[np.bool_]

    @classmethod
    def read(cls, folder: Path) -> Overlap:
        """All texts of the sets under a folder."""
        found = [_grams(text) for text in _evaluation_texts(folder)]
        grams = np.unique(np.concatenate([*found, np.zeros(0, np.uint64)]))
        table = np.zeros(1 << _TABLE_BITS, np.bool_)
        table[grams >> np.uint64(64 - _TABLE_BITS)] = True
        return cls(grams, table)

    def touches(self, text: str) -> bool:
        """Whether the text shares a 13-gram with the sets."""
        grams = _grams(text)
        likely = grams[self.table[grams >> np.uint64(64 - _TABLE_BITS)]]
        places = np.minimum(np.searchsorted(self.grams, likely), len(self.grams) - 1)
        return bool((self.grams[places] == likely).any())


def _grams(text: str) -> NDArray[np.uint64]:
    words = _WORD.findall(_COMMENT.sub("", text))
    hashes = np.fromiter(map(hash, words), dtype=np.int64, count=len(words)).view(np.uint64)
    if len(hashes) < N_GRAM:
        return np.zeros(0, np.uint64)
    mixed = np.zeros(len(hashes) - N_GRAM + 1, np.uint64)
    for offset in range(N_GRAM):
        mixed = mixed * np.uint64(0x9E3779B97F4A7C15) ^ hashes[offset : offset + len(mixed)]
    return mixed


def _evaluation_texts(folder: Path) -> Iterator[str]:
    for file in sorted(folder.rglob("*.jsonl*")):
        content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        for line in content.decode().splitlines():
            yield from _strings(json.loads(line))
    for file in sorted(folder.rglob("annotations/*.json")):
        yield from _strings(json.loads(file.read_text(encoding="utf-8")))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str) and len(value) > 60:
        yield value
    elif isinstance(value, dict):
        prompt = [str(value[key]) for key in ("prompt", "canonical_solution", "suffix") if key in value]
        yield "".join(prompt)
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def namesakes(part: Path, reserved: Reserved) -> Counter[str]:
    """Files below folders that are named like a reserved project, by repository and folder."""
    found: Counter[str] = Counter()
    with part.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            folders = record["path"].split("/")[:-1]
            named = next((place for place, name in enumerate(folders) if reserved.touches(name)), None)
            if named is not None:
                found[f"{record['repo']}: {'/'.join(folders[: named + 1])}"] += 1
    return found


def main(folder: Path, parts: list[Path]) -> int:
    here = Path(__file__).parent
    manifest = json.loads((here / "manifest.json").read_text(encoding="utf-8"))
    candidates = json.loads((here / "candidates.json").read_text(encoding="utf-8"))
    reserved = reserved_names(folder / "RESERVED.md")
    named = [row["name"] for row in [*manifest["sources"], *candidates] if reserved.touches(row["name"])]
    print("reserved sources in the manifest or among the candidates:", named or "none")
    for part in parts:
        for place, n_files in sorted(namesakes(part, reserved).items()):
            print(f"{n_files:6} files  {place}")
    return 1 if named else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), [Path(argument) for argument in sys.argv[2:]]))
