"""A cursor's question: what a file that is being edited wants to see. A person's is in `word_search.py`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from indexer.asker import Asker
from indexer.cursor import CursorView, imports_in, read_cursor
from indexer.definitions import Definitions, definition_hit
from indexer.dependencies.library import DependencyLibrary
from indexer.dependencies.near import hits_near, hits_to_import, importing_of, prepare
from indexer.fusion import (
    Candidate,
    Kind,
    Situation,
    candidates_of,
    fitted_weights,
    fused,
    situation_of,
)
from indexer.languages import language_name
from indexer.members import brief, with_all_members
from indexer.modules import Modules, module_on_line
from indexer.namespaces import namespaces_in
from indexer.own_file import own_imports
from indexer.postings import Postings
from indexer.ranking import without_overlaps
from indexer.repository_map import RepositoryMap
from indexer.similar import Around, Nearest, Terms, find_similar
from indexer.types import Hit, Import, Query

# So many stretches of similar code may come before all else: more of them have room in long prompts alone, where
# definitions say something new.
SIMILAR_FIRST = 8
# Of so many definitions a class that is cut has all of its members.
MAX_WHOLE = 4
# Answers about similar code that are kept until files change.
MAX_REMEMBERED = 64

Likeness = Callable[[str, Sequence[str]], list[float]]


@dataclass(frozen=True, slots=True)
class Sources:
    """What a search reads: one state of the store; the nearest content hashes (None without vectors), how like a
    question short texts are (cosines), and what is known of installed libraries. postings: the words of chunks, as far
    as they were asked for.
    """

    connection: sqlite3.Connection
    repository: RepositoryMap
    nearest: Nearest | None
    n_vectors: int
    root_name: str
    likeness: Likeness | None = None
    libraries: DependencyLibrary | None = None
    postings: Postings = field(default_factory=Postings)


@dataclass(frozen=True, slots=True)
class Gathered:
    """All that might help at a cursor. to_import: what an import line can import, which comes before all else.

    further: similar code that comes behind all else.
    """

    to_import: list[Hit]
    candidates: list[Candidate]
    situation: Situation
    further: list[Hit]


def search_cursor(sources: Sources, query: Query, limit: int) -> list[Hit]:
    """What helps most at a cursor, by the weights that were fitted (`fusion.py`); on an import line, what can be
    imported comes before all else.
    """
    gathered = gather(sources, query, limit)
    best = fused(gathered.candidates, gathered.situation, fitted_weights())
    return _scored(without_overlaps([*gathered.to_import, *best, *gathered.further], limit))


def gather(sources: Sources, query: Query, limit: int) -> Gathered:
    """Code like the code around the cursor, definitions of the names near it, and what the file imports."""
    path = query.path or ""
    view = read_cursor(query)
    language = language_name(path)
    source = query.source if query.source is not None else query.text
    asker = Asker(path, language, sources.root_name)
    imports = imports_in(source, path, language)
    entry = sources.repository.files.get(path)
    own = frozenset(entry.names) if entry else frozenset()
    own_names = own - {item.alias for item in imports}
    namespaces = namespaces_in(source, language)
    look_up = Definitions(sources.connection, sources.repository, asker, imports, own_names, namespaces)
    modules = Modules(sources.connection, sources.repository, look_up, asker)
    definitions = _definitions(sources.connection, look_up, view)
    alike = _similar(sources, view, query, limit * 2) if query.similar else []
    similar = [hit for hit in (_named(hit, definitions) for hit in alike) if _may_show(hit, query)]
    called, others = _from_libraries(sources.libraries, look_up, imports, view)
    by_kind: dict[Kind, list[Hit]] = {
        "similar": similar[:SIMILAR_FIRST],
        "called": called,
        "imports": own_imports(query, imports),
        "definition": definitions,
        "module": modules.named(view),
        "library": others,
        "imported": [replace(definition_hit(found), text=brief(found.symbol)) for found in look_up.of_imports()],
    }
    return Gathered(
        [*modules.to_import_from(query), *_to_import(sources.libraries, look_up, query)],
        [one for one in _in_order(by_kind) if _may_show(one.hit, query)],
        situation_of(view),
        similar[SIMILAR_FIRST:],
    )


def _in_order(by_kind: Mapping[Kind, list[Hit]]) -> list[Candidate]:
    """Candidates as their sources order them: definitions and what modules offer by their scores, and behind them in
    brief what else is imported.
    """
    candidates = [one for kind, hits in by_kind.items() for one in candidates_of(kind, hits)]
    named = [one for one in candidates if one.kind in ("definition", "module")]
    named.sort(key=lambda one: (-round(one.strength, 9), one.hit.path, one.hit.start_line))
    imported = [one for one in candidates if one.kind == "imported"]
    others = [one for one in candidates if one.kind not in ("definition", "module", "imported")]
    return [*others, *named, *imported]


def _definitions(connection: sqlite3.Connection, look_up: Definitions, view: CursorView) -> list[Hit]:
    near = look_up.near(view)
    whole = [with_all_members(connection, definition_hit(found), found.symbol) for found in near[:MAX_WHOLE]]
    return [*whole, *(definition_hit(found) for found in near[MAX_WHOLE:])]


def prepare_libraries(sources: Sources, path: str, text: str) -> None:
    """Have what a document imports from libraries looked up, for the questions that come once it is edited."""
    language = language_name(path)
    imports = imports_in(text, path, language)
    asker = Asker(path, language, sources.root_name)
    look_up = Definitions(sources.connection, sources.repository, asker, imports, frozenset())
    importing = importing_of(path, language, imports, look_up.is_inside)
    if sources.libraries is not None and importing is not None:
        prepare(sources.libraries, importing)


def _from_libraries(
    libraries: DependencyLibrary | None, look_up: Definitions, imports: Sequence[Import], view: CursorView
) -> tuple[list[Hit], list[Hit]]:
    """What is known of names that are imported from outside of the repository: on the cursor's line, and around it."""
    if libraries is None:
        return [], []
    importing = importing_of(look_up.asker.path, look_up.asker.language, imports, look_up.is_inside)
    if importing is None:
        return [], []
    prepare(libraries, importing)
    return hits_near(libraries, importing, view, look_up.own_names)


def _to_import(libraries: DependencyLibrary | None, look_up: Definitions, query: Query) -> list[Hit]:
    """For a cursor on an import line: what is known of the library that it names."""
    module = module_on_line(query) if libraries is not None else ""
    item = Import(module, "*", "*", look_up.asker.path, query.line)
    if libraries is None or not module or look_up.is_inside(item):
        return []
    return hits_to_import(libraries, item, look_up.asker.language)


def _named(similar: Hit, definitions: Sequence[Hit]) -> Hit:
    """Similar code says so when it is the definition of something that is named near the cursor."""
    for hit in definitions:
        if hit.path == similar.path and similar.start_line <= hit.start_line <= similar.end_line:
            return replace(similar, why=hit.why, symbol=hit.symbol, source="definition")
    return similar


def _scored(hits: Sequence[Hit]) -> list[Hit]:
    """Hits of several kinds, whose scores cannot be compared, with scores that say their order."""
    return [replace(hit, score=1.0 - rank / len(hits)) for rank, hit in enumerate(hits)]


def _similar(sources: Sources, view: CursorView, query: Query, limit: int) -> list[Hit]:
    """Code like the code around the cursor; remembered, because it stays the same while a word is typed."""
    known = sources.repository.similar
    around = Around(query.path or "", view.lines, view.above, view.nearby, view.names)
    key = (around, limit, sources.n_vectors)
    found = known.get(key)
    if found is None:
        if len(known) >= MAX_REMEMBERED:
            known.clear()
        terms = Terms(sources.repository.n_chunks, sources.repository.common_terms)
        found = known[key] = find_similar(sources.connection, terms, around, sources.nearest, limit)
    return [moved for hit in found if (moved := _as_in_source(hit, query)) is not None]


def _as_in_source(hit: Hit, query: Query) -> Hit | None:
    """A hit in the asking file, at the place where its text stands now; None when it was edited away."""
    if hit.path != query.path or query.source is None:
        return hit
    at = f"\n{query.source}\n".find(f"\n{hit.text}\n")
    if at < 0:
        return None
    start = query.source.count("\n", 0, at) + 1
    return replace(hit, start_line=start, end_line=start + hit.text.count("\n"))


def _may_show(hit: Hit, query: Query) -> bool:
    if hit.path != query.path or query.exclude_lines is None:
        return True
    first, last = query.exclude_lines
    return hit.end_line < first or hit.start_line > last
