"""Which share of what real repositories import from themselves is found.

    python -m bench.import_resolution REPOSITORY... --out bench/results/import_resolution.json

Every import that the index has of every file is one of three: it leads to a file of the repository (`resolved`); no
file of the repository can be meant (`external`); or it should lead to one and does not (`missing`). External is where

    Python           the first name is that of no module or package that stands in a folder which is none itself
    JavaScript       it is no relative path, no alias of a tsconfig, no name of a package of the repository
    Go               the path begins with the name of no module of the repository
    Rust             the path begins with no crate of the repository, nor with crate, self, super
    Java, Kotlin     the repository declares no package of that name, nor the one that is left without its last name
    C#, PHP          likewise with namespaces; all of a C# namespace is external where no file declares it
    C, C++           no file of the repository is called so
    Ruby             it is no relative path, and nothing in a `lib` is called as its first name

Of the resolved ones that name something in a file (`named`; no module, and nothing that the file has from a library),
`defined` have their definition found. In languages whose imports bring all of a namespace or of a file, `names` counts
the types that files neither define nor import from outside, where the repository has one of this name: `found` are led
to by an import, a namespace or a folder, not by the name alone.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.measuring import RESULTS, provenance
from indexer import graph_records, records
from indexer.asker import Asker, upwards
from indexer.graph import INCLUDING, resolve_import
from indexer.index import CodeIndex
from indexer.languages import family_of, is_same_family, language_name, language_named
from indexer.lookup import NameLookup
from indexer.namespaces import NAMESPACED, separator_of
from indexer.repository_map import RepositoryMap, synced
from indexer.resolvers import RESOLVERS
from indexer.store import Store
from indexer.types import Import

# So sure is a look-up that goes by imports, namespaces or folders.
SURE = 0.9


@dataclass
class Counts:
    """What was counted of one language in one repository. missing: what was not found."""

    outcomes: Counter[str] = field(default_factory=Counter)
    missing: list[str] = field(default_factory=list)

    def figures(self) -> dict[str, object]:
        """The counts, and the shares of what should be found that is."""
        counted = self.outcomes
        inside = counted["resolved"] + counted["missing"]
        return {
            **{
                name: counted[name]
                for name in ("resolved", "missing", "external", "named", "defined", "names", "found")
            },
            "resolved_share": round(counted["resolved"] / inside, 4) if inside else None,
            "defined_share": round(counted["defined"] / counted["named"], 4) if counted["named"] else None,
            "found_share": round(counted["found"] / counted["names"], 4) if counted["names"] else None,
        }


class Repository:
    """What a repository declares, as far as it tells what is external."""

    def __init__(self, connection: sqlite3.Connection, repository: RepositoryMap) -> None:
        self.map = repository
        self.file_names = {path.rpartition("/")[2] for path in repository.files}
        self.namespaces = {row[0] for row in connection.execute("SELECT DISTINCT name FROM namespaces")}
        self.python = set(_python_roots(repository))
        self.ruby = {
            path.split("/")[depth + 1].removesuffix(".rb")
            for path in repository.files
            if path.endswith(".rb")
            for depth, part in enumerate(path.split("/")[:-1])
            if part == "lib"
        }

    def is_external(self, item: Import, language: str) -> bool:
        """Whether no file of the repository can be meant."""
        if language in NAMESPACED:
            return not _may_be_in(item, self.namespaces, separator_of(language))
        module = item.module
        firsts = {
            "python": module.partition(".")[0] in self.python or module.startswith("."),
            "javascript": module.startswith((".", "#", "/")) or self._is_own_package(item),
            "go": any(f"{module}/".startswith(f"{name}/") for name in self.map.build.go_modules),
            "rust": module.partition("::")[0] in {*self.map.build.crates, "crate", "self", "super"},
            "ruby": module.startswith(".") or module.partition("/")[0].removesuffix(".rb") in self.ruby,
        }
        return not firsts.get(_family(language), module.rpartition("/")[2] in self.file_names)

    def _is_own_package(self, item: Import) -> bool:
        build = self.map.build
        parts = item.module.split("/")
        is_alias = any(
            alias.prefix and alias.paths(item.module)
            for folder in upwards(item.path.rpartition("/")[0])
            for alias in build.aliases.get(folder, ())
        )
        return is_alias or "/".join(parts[: 2 if item.module.startswith("@") else 1]) in build.packages


def _family(name: str) -> str:
    language = language_named(name)
    return family_of(language) if language is not None else name


def _may_be_in(item: Import, namespaces: set[str], separator: str) -> bool:
    module = item.module.strip(separator)
    above = module.rpartition(separator)[0]
    return module in namespaces or (item.name != "*" and above in namespaces)


def _python_roots(repository: RepositoryMap) -> Iterator[str]:
    """Names of modules and packages that stand in a folder which is no package."""
    for path in repository.files:
        folder, _, name = path.rpartition("/")
        if not name.endswith((".py", ".pyi")) or name in ("setup.py", "conftest.py"):
            continue
        while folder and f"{folder}/__init__.py" in repository.files:
            folder, _, name = folder.rpartition("/")
        if name != "__init__.py":
            yield name.partition(".")[0]


def measure(root: Path) -> dict[str, Counts]:
    """Counts of one repository by language."""
    with tempfile.TemporaryDirectory(prefix="codeassist-bench-") as folder:
        index = CodeIndex.open(root, directory=Path(folder), embedder=None)
        index.refresh()
        index.close()
        store = Store(Path(folder))
        try:
            with store.reading() as connection:
                return _count(connection, synced(RepositoryMap(), connection), root.name)
        finally:
            store.close()


def _count(connection: sqlite3.Connection, files: RepositoryMap, root_name: str) -> dict[str, Counts]:
    repository = Repository(connection, files)
    found: dict[str, Counts] = {}
    for path in sorted(files.files):
        language = language_name(path)
        if language in RESOLVERS:
            counts = found.setdefault(language, Counts())
            namespaces = graph_records.namespaces_of(connection, path)
            look_up = NameLookup(connection, files, Asker(path, language, root_name), files.imports(path), namespaces)
            for item in files.imports(path):
                if item.module:
                    _count_import(counts, repository, item, look_up)
            if language in NAMESPACED | INCLUDING:
                _count_names(counts, look_up)
    return found


def _count_import(counts: Counts, repository: Repository, item: Import, look_up: NameLookup) -> None:
    targets = look_up.targets(item)
    spelled = f"{item.path}:{item.line}: {item.module} {item.name}"
    if targets:
        counts.outcomes["resolved"] += 1
        if _names_a_definition(repository.map, item, targets):
            is_defined = bool(look_up.in_module(item, item.name))
            counts.outcomes["named"] += 1
            counts.outcomes["defined"] += is_defined
            counts.missing += [] if is_defined else [f"{spelled} is not defined in {targets[0]}"]
    elif repository.is_external(item, look_up.asker.language):
        counts.outcomes["external"] += 1
    else:
        counts.outcomes["missing"] += 1
        counts.missing.append(spelled)


def _names_a_definition(files: RepositoryMap, item: Import, targets: Sequence[str]) -> bool:
    """Whether an import names something that a file of the repository defines: no module, nothing of a library."""
    if item.name in ("", "*", "default"):
        return False
    return not any(
        _is_module(path, item.name)
        or any(one.alias == item.name and not _is_inside(files, one, path) for one in files.imports(path))
        for path in targets
    )


def _is_inside(files: RepositoryMap, item: Import, path: str) -> bool:
    return bool(resolve_import(files, item, Asker(path, language_name(path))))


def _is_module(path: str, name: str) -> bool:
    """Whether a file is the module of this name, and no file that defines it."""
    parts = path.rsplit(".", 1)[0].split("/")
    return name in parts[-2:] and language_name(path) in ("python", "rust")


def _count_names(counts: Counts, look_up: NameLookup) -> None:
    connection, path = look_up.connection, look_up.asker.path
    entry = look_up.repository.files[path]
    query = "SELECT DISTINCT name FROM refs WHERE file_id = ? AND kind = 'type' ORDER BY name"
    for (name,) in connection.execute(query, (entry.file_id,)).fetchall():
        item = look_up.imported_as(name)
        is_outside = item is not None and not look_up.targets(item)
        if name in entry.names or is_outside or not _is_defined(connection, name, path):
            continue
        hits = look_up.resolved(name)
        counts.outcomes["names"] += 1
        counts.outcomes["found"] += bool(hits) and hits[0].weight >= SURE


def _is_defined(connection: sqlite3.Connection, name: str, path: str) -> bool:
    kinds = ("class", "type")
    return any(
        symbol.kind in kinds and not symbol.container and is_same_family(symbol.path, path)
        for symbol in records.symbols_named(connection, name, 40)
    )


def _commit(root: Path) -> str:
    """The commit that is checked out, "" outside of git."""
    git = ["git", "-C", str(root), "rev-parse", "--short=10", "HEAD"]
    return subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()


def main() -> None:
    """Measure, write, and show what is missing when asked."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("repositories", nargs="+", type=Path)
    options.add_argument("--out", type=Path, default=RESULTS / "import_resolution.json")
    options.add_argument("--show", type=int, default=0, help="so many missing imports of each language go to stderr")
    chosen = options.parse_args()
    results: dict[str, dict[str, object]] = {}
    total: dict[str, Counts] = {}
    for root in chosen.repositories:
        counts = measure(root.resolve())
        figures = {language: one.figures() for language, one in sorted(counts.items())}
        results[root.name] = {"commit": _commit(root), "languages": figures}
        for language, one in counts.items():
            total.setdefault(language, Counts()).outcomes.update(one.outcomes)
            step = max(len(one.missing) // chosen.show, 1) if chosen.show else 1
            for line in one.missing[::step][: chosen.show]:
                print(f"{root.name} {language} {line}", file=sys.stderr)
    languages = {language: one.figures() for language, one in sorted(total.items())}
    report = {**provenance("import_resolution"), "languages": languages, "repositories": results}
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(languages, indent=2))


if __name__ == "__main__":
    main()
