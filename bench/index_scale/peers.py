"""Other tools that index the same files: symbols by universal-ctags, full text by BM25 libraries, search by semble.

Libraries live in an environment of their own, given by `--peers PYTHON` and made by

    python -m venv /tmp/peers && /tmp/peers/bin/pip install bm25s tantivy semble

and ctags is what the system has (`apt-get install universal-ctags`). One that is missing is left out, and said to be.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.index_scale.cold import Tool
from bench.index_scale.corpus import Corpus
from bench.index_scale.weighing import Weighed, weigh
from codeassist.models.directory import shipped_embedder

_READ = """
import pathlib, sys
root, target, paths = pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3]).read_text().split("\\n")
def stretches():
    for path in paths:
        lines = (root / path).read_text(encoding="utf-8", errors="replace").split("\\n")
        for start in range(0, len(lines), 40):
            yield path, "\\n".join(lines[start:start + 40])
"""
_BM25S = f"""{_READ}
import bm25s
tokens = bm25s.tokenize([text for _, text in stretches()], stopwords=[], show_progress=False)
retriever = bm25s.BM25()
retriever.index(tokens, show_progress=False)
retriever.save(target)
"""
_TANTIVY = f"""{_READ}
import tantivy
builder = tantivy.SchemaBuilder()
builder.add_text_field("path", stored=True)
builder.add_text_field("body", stored=True)
index = tantivy.Index(builder.build(), path=target)
writer = index.writer(heap_size=100_000_000)
for path, text in stretches():
    writer.add_document(tantivy.Document(path=path, body=text))
writer.commit()
writer.wait_merging_threads()
"""
_SEMBLE = """
import sys
from semble import SembleIndex
root, target, _, model = sys.argv[1:]
SembleIndex.from_path(root, model_path=model).save(target)
"""


@dataclass(frozen=True, slots=True)
class Library:
    """A peer in Python. module: what it is imported as."""

    module: str
    what: str
    program: str


LIBRARIES = (
    Library("bm25s", "full text", _BM25S),
    Library("tantivy", "full text, with the text itself", _TANTIVY),
    Library("semble", "full text and vectors, with our embedding model", _SEMBLE),
)


def find_peers(python: Path | None) -> tuple[list[Tool], dict[str, str]]:
    """The peers that are there, and of each its version, or how to get it."""
    tools, versions = [], {}
    ctags = shutil.which("ctags")
    version = _output([ctags, "--version"]) if ctags else ""
    versions["universal-ctags"] = version.split("\n")[0] or "missing: install the system's package universal-ctags"
    if "Universal Ctags" in version:
        tools.append(Tool("universal-ctags", "symbols", _run_ctags))
    for library in LIBRARIES:
        found = _library_version(python, library.module)
        versions[library.module] = found or f"missing: pip install {library.module} there, and give --peers PYTHON"
        if found:
            tools.append(Tool(library.module, library.what, _runner(python, library)))
    for name in [name for name, version in versions.items() if version.startswith("missing")]:
        print(f"{name} is {versions[name]}", file=sys.stderr)
    return tools, versions


def _run_ctags(corpus: Corpus, target: Path) -> Weighed:
    """Definitions and what ctags knows of references' targets: its defaults, with line numbers."""
    command = ["ctags", "--fields=+nKS", "-L", str(_listed(corpus)), "-f", str(target / "tags")]
    return weigh(command, folder=corpus.root)


def _runner(python: Path | None, library: Library) -> Callable[[Corpus, Path], Weighed]:
    return partial(_run_library, str(python), library)


def _run_library(python: str, library: Library, corpus: Corpus, target: Path) -> Weighed:
    """Nothing may be downloaded; semble's own cache lies beside the corpus, and is empty at the start."""
    cache = corpus.root.parent / "peer-cache"
    shutil.rmtree(cache, ignore_errors=True)
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "XDG_CACHE_HOME": str(cache), "TOKENIZERS_PARALLELISM": "true"}
    arguments = [str(corpus.root), str(target), str(_listed(corpus)), str(shipped_embedder())]
    return weigh([python, "-c", library.program, *arguments], environment=environment)


def _listed(corpus: Corpus) -> Path:
    """A file with the paths of the corpus, one a line."""
    listing = corpus.root.parent / f"{corpus.root.name}.txt"
    if not listing.exists():
        listing.write_text("\n".join(corpus.paths), encoding="utf-8")
    return listing


def _library_version(python: Path | None, module: str) -> str:
    if python is None or not python.exists():
        return ""
    return _output([str(python), "-c", f"import {module}, importlib.metadata as m; print(m.version('{module}'))"])


def _output(command: list[str]) -> str:
    """What a command prints; "" when it fails."""
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.strip() if found.returncode == 0 else ""
