"""More repositories for the embedding model alone: those that came too late for the language model's corpus.

    python -m training.embedder_data MIRROR WHEELS EVALUATION_SETS OUT

Filters, licences and the check against evaluation sets are the corpus's own.
Writes OUT/extra.jsonl with {"repo", "path", "text"}, and `embedder_data.json` beside this file: what was added.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from codeassist.documents import language_of
from training.check_reserved import Overlap, reserved_names
from training.copies import Deduplicator
from training.data import HELD_OUT, clean
from training.sources import Source, find_sources, read_files

# No repository may outweigh the rest of its language.
MAX_SOURCE_BYTES = 10_000_000
HERE = Path(__file__).parent


def new_sources(mirror: Path, wheels: Path, evaluation: Path) -> list[Source]:
    """Sources with a licence of ours that are neither reserved, nor held out, nor in the corpus."""
    manifest = json.loads((HERE / "manifest.json").read_text(encoding="utf-8"))
    known = {row["name"] for row in manifest["sources"]} | set(HELD_OUT)
    reserved = reserved_names(evaluation / "RESERVED.md")
    found = find_sources(mirror, wheels)
    return [
        source for source in found if source.licence and source.name not in known and not reserved.touches(source.name)
    ]


def usable_files(source: Source, overlap: Overlap, seen: Deduplicator) -> Iterator[tuple[str, str]]:
    """(path, text) of new files of a source, up to its share."""
    size = 0
    for path, content in read_files(source):
        text = clean(path, content)
        if text is None or overlap.touches(text) or not seen.admits(text):
            continue
        yield path, text
        size += len(content)
        if size > MAX_SOURCE_BYTES:
            return


def main(mirror: Path, wheels: Path, evaluation: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    overlap, seen = Overlap.read(evaluation), Deduplicator()
    rows: list[dict[str, object]] = []
    with (out / "extra.jsonl").open("w", encoding="utf-8") as file:
        for source in new_sources(mirror, wheels, evaluation):
            languages: Counter[str] = Counter()
            n_files = 0
            for path, text in usable_files(source, overlap, seen):
                record = {"repo": source.name, "path": path, "text": text}
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
                languages[language_of(path)] += len(text.encode())
                n_files += 1
            named = {key: value for key, value in asdict(source).items() if key != "location"}
            rows.append({**named, "files": n_files, "bytes": languages.total(), "languages": dict(languages)})
            print(rows[-1], flush=True)
    text = json.dumps({"note": "in addition to the sources of manifest.json", "sources": rows}, indent=1) + "\n"
    (HERE / "embedder_data.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:5]))
