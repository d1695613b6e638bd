"""What a cursor asks of libraries: what it imports from outside of the repository, and what variables are made of it.

Nothing here waits: an answer that is not known is queued, and the next keystroke has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from indexer.cursor import CursorView, types_of
from indexer.dependencies.chains import Chain, chains_in, names_in, split_chain
from indexer.dependencies.imports import bound_names, may_be_library, module_of
from indexer.dependencies.library import DependencyLibrary
from indexer.dependencies.types import CALL, OFFERS, Wanted
from indexer.languages import family_of, language_named
from indexer.types import Hit, Import

# So many hits at most, and so many of them that the cursor's line names.
MAX_HITS, MAX_HERE = 6, 2
# So many types of a variable are followed, so many steps from variable to variable.
MAX_TYPES = 3
MAX_STEPS = 3
MAX_IMPORTS = 200

# How much what is asked counts: what a chain of names leads to, what has the last of them, what a variable holds, what
# the class around the cursor is derived from.
_CHAIN, _OWNER, _HELD, _BASE = 1.0, 0.65, 0.55, 0.7
_LINE_FADE, _PLACE_FADE = 0.1, 0.05

IsInside = Callable[[Import], bool]


@dataclass(frozen=True, slots=True)
class Importing:
    """A file that imports from libraries. imports: by the names that they bind; stars: modules of which it has all."""

    family: str
    folder: str
    imports: dict[str, Import]
    stars: tuple[str, ...]


def importing_of(path: str, language: str, imports: Sequence[Import], is_inside: IsInside) -> Importing | None:
    """What a file imports from libraries, None for nothing.

    is_inside: whether an import means files of the repository.
    """
    family = _family(language)
    outside = [item for item in imports[:MAX_IMPORTS] if may_be_library(item, family) and not is_inside(item)]
    if not outside:
        return None
    bound = {name: item for item in reversed(outside) for name in bound_names(item, family)}
    # What JavaScript gives on as a whole is not bound in the file itself.
    stars = tuple(item.module for item in outside if item.name == "*" and family != "javascript")
    return Importing(family, path.rpartition("/")[0], bound, stars)


def prepare(library: DependencyLibrary, importing: Importing) -> None:
    """Have the library find out about all that a file imports."""
    chains = [_chain(item, (OFFERS,) if item.name == "" else ()) for item in importing.imports.values()]
    library.prepare(importing.family, importing.folder, chains)


def hits_near(
    library: DependencyLibrary, importing: Importing, view: CursorView, own_names: frozenset[str]
) -> tuple[list[Hit], list[Hit]]:
    """What is known of the libraries' names on the cursor's line, and of those around it, what matters most first.

    own_names: what the asking file itself defines.
    """
    scope = library.scope(importing.family, importing.folder)
    if scope is None:
        return [], []
    weights: dict[tuple[str, Chain], tuple[bool, float]] = {}
    for chain, is_here, weight in _questions(importing, view, own_names):
        weights[chain] = max((is_here, weight), weights.get(chain, (False, 0.0)))
    here: dict[tuple[str, int], Hit] = {}
    around: dict[tuple[str, int], Hit] = {}
    for chain in sorted(weights, key=lambda chain: weights[chain], reverse=True):
        for hit in library.find(Wanted(scope, *chain)):
            place = hit.path, hit.start_line
            if place not in here:
                (here if weights[chain][0] else around).setdefault(place, hit)
    named = list(here.values())
    return named[:MAX_HERE], [*named[MAX_HERE:], *around.values()][: MAX_HITS - len(named[:MAX_HERE])]


def hits_to_import(library: DependencyLibrary, item: Import, language: str) -> list[Hit]:
    """What is known of what a module offers, for the import that is being written."""
    family = _family(language)
    if not may_be_library(item, family):
        return []
    scope = library.scope(family, item.path.rpartition("/")[0])
    return list(library.find(Wanted(scope, item.module, (OFFERS,)))) if scope is not None else []


def _family(language: str) -> str:
    known = language_named(language)
    return family_of(known) if known is not None else ""


def _questions(
    importing: Importing, view: CursorView, own_names: frozenset[str]
) -> Iterator[tuple[tuple[str, Chain], bool, float]]:
    """(module, names) of what is asked, whether the cursor's line names it, and how much it counts."""
    for line, distance in view.lines:
        fade = 1 / (1 + _LINE_FADE * distance)
        for chain, weight in _questions_on(line, importing, view, own_names):
            yield chain, distance == 0, fade * weight
    for base in view.bases[1:]:
        yield from ((chain, False, _BASE) for chain in _lead(importing, view, (base,)))


def _questions_on(
    line: str, importing: Importing, view: CursorView, own_names: frozenset[str]
) -> Iterator[tuple[tuple[str, Chain], float]]:
    for place, chain in enumerate(chains_in(line)):
        fade = 1 / (1 + _PLACE_FADE * place)
        yield from ((found, _CHAIN * fade) for found in _lead(importing, view, chain))
        yield from ((found, _OWNER * fade) for found in _lead(importing, view, (*chain[:-1], CALL)))
    for place, name in enumerate(names_in(line)):
        fade = 1 / (1 + _PLACE_FADE * place)
        if (item := importing.imports.get(name)) is not None:
            if item.name:
                yield _chain(item, ()), _CHAIN * fade
        elif name not in own_names:
            yield from ((found, _HELD * fade) for found in _lead(importing, view, (name, CALL)))
            yield from (((module, (name,)), _CHAIN * fade) for module in importing.stars)


def _lead(importing: Importing, view: CursorView, chain: Chain, n_steps: int = 0) -> Iterator[tuple[str, Chain]]:
    """The questions that a chain of names comes to: through the imports, and through what its first name holds."""
    item = importing.imports.get(chain[0])
    if item is not None:
        yield _chain(item, chain[1:])
        return
    if n_steps == MAX_STEPS:
        return
    is_attribute = chain[0] in ("self", "this", "cls") and len(chain) > 1
    held = f"self.{chain[1]}" if is_attribute else chain[0]
    rest = chain[2 if is_attribute else 1 :]
    types = [word for word in types_of(view, held) if word != held][:MAX_TYPES]
    for word in types:
        yield from _lead(importing, view, (*split_chain(word), CALL, *rest), n_steps + 1)
    if is_attribute and not types:
        bases = (importing.imports[base] for base in view.bases[1:] if base in importing.imports)
        yield from (_chain(base, chain[1:]) for base in bases)


def _chain(item: Import, rest: Chain) -> tuple[str, Chain]:
    return module_of(item), rest if item.name == "" else (item.name, *rest)
