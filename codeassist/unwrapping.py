"""What is in a prompt that a client has rendered for another model: prefix, suffix, path and snippets. Pure.

A prompt is taken apart only where all marks of one layout are there, in their order, the first one at its start: text
that merely speaks of such marks has them elsewhere. Where a mark occurs several times, those in quotes do not count;
where that leaves none or several, nobody can tell which one is meant, and the prompt stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from codeassist.documents import language_of
from codeassist.fim_dialects import LAYOUTS, OPENINGS, PREFIX_LAYOUTS, SENTINELS, Layout
from codeassist.sent_snippets import MAX_SNIPPETS, is_path, snippets_of, sort_out
from codeassist.types import Snippet

# A mark that occurs more often is looked at no further.
_MOST_MARKS = 64
_QUOTES = "\"'`"


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """A gap as its client meant it.

    path, language: "" where nothing is said; `language` may be an editor's own name of it. snippets: of other files, in
    the order in which they were sent. dialect: whose marks the prompt had, "" for none.
    """

    prefix: str
    suffix: str
    path: str = ""
    language: str = ""
    snippets: tuple[Snippet, ...] = ()
    dialect: str = ""


def unwrap(prompt: str) -> Unwrapped | None:
    """The gap in a rendered prompt; None for a prompt that is none. Time goes with its length."""
    start = _after_opening(prompt)
    for layout in LAYOUTS:
        if (places := _places(layout, prompt, start)) is not None:
            return _gap(layout, prompt, start, places)
    return None


def unwrap_gap(prefix: str, suffix: str) -> Unwrapped:
    """The gap of a client that sends prefix and suffix apart, without what it has put in front of its prefix."""
    for layout in PREFIX_LAYOUTS:
        if (places := _places(layout, prefix, 0)) is not None:
            found = _gap(layout, prefix, 0, places)
            return Unwrapped(found.prefix, suffix, found.path, found.language, found.snippets, found.dialect)
    sent = sort_out(prefix)
    return Unwrapped(sent.prefix, suffix, sent.path, sent.language, sent.snippets)


def without_sentinels(stops: Iterable[str], kept: Iterable[str] = ()) -> tuple[str, ...]:
    """Stop texts, each once, without special tokens of models that the client takes this one for. kept: those of the
    model that runs."""
    foreign = SENTINELS - set(kept)
    return tuple(dict.fromkeys(stop for stop in stops if stop not in foreign))


def _after_opening(prompt: str) -> int:
    start = len(prompt) - len(prompt.lstrip(" "))
    return start + next((len(opening) for opening in OPENINGS if prompt.startswith(opening, start)), 0)


def _places(layout: Layout, text: str, start: int) -> list[int] | None:
    """Where each mark of the layout begins; None where they are not all there, each in one place that can be meant."""
    first, *others = layout.marks
    if text.startswith(first, start):
        places = [start]
    elif layout.files and text.startswith((*layout.files, *layout.repos), start):
        places = _meant(text, first, start)
    else:
        return None
    at = places[0] + len(first) if places else 0
    for number, mark in enumerate(others, start=2):
        found = _meant(text, mark, at, is_last=number == len(layout.marks)) if places else []
        if not found:
            return None
        places += found
        at = found[0] + len(mark)
    return places or None


def _meant(text: str, mark: str, start: int, *, is_last: bool = False) -> list[int]:
    """The one place where a mark is meant as a mark, as a list; empty where there is none."""
    if is_last and len(text) - len(mark) >= start and text.endswith(mark):
        return [len(text) - len(mark)]
    found: list[int] = []
    while len(found) <= _MOST_MARKS and (at := text.find(mark, found[-1] + 1 if found else start)) >= 0:
        found.append(at)
    if len(found) > 1:
        found = [at for at in found if not _is_quoted(text, at, at + len(mark))]
    return found if len(found) == 1 else []


def _is_quoted(text: str, start: int, end: int) -> bool:
    return start > 0 and text[start - 1] in _QUOTES and text[end : end + 1] == text[start - 1]


def _gap(layout: Layout, text: str, start: int, places: list[int]) -> Unwrapped:
    ends = [*places[1:], len(text)]
    parts = {
        name: text[place + len(mark) : end]
        for name, mark, place, end in zip(layout.parts, layout.marks, places, ends, strict=True)
    }
    prefix, path = parts["prefix"], ""
    blocks = _files(text[start : places[0]], layout)
    inner = _files(prefix, layout) if prefix.startswith((*layout.files, *layout.repos)) else []
    if inner:
        path, prefix = inner.pop()
    elif blocks and not blocks[-1][1].strip():
        path, _ = blocks.pop()
        prefix, path = (prefix, path) if path else _with_path_line(prefix)
    sent = sort_out(prefix + parts.get("start", ""))
    return Unwrapped(
        prefix=sent.prefix,
        suffix=parts.get("suffix", ""),
        path=sent.path or path,
        language=sent.language or language_of(path),
        snippets=(*snippets_of([*blocks, *inner]), *sent.snippets),
        dialect=layout.dialect,
    )


def _with_path_line(prefix: str) -> tuple[str, str]:
    """StarCoder2 has the path of the file itself behind the first mark."""
    line, end, rest = prefix.partition("\n")
    return (rest, line.strip()) if end and is_path(line.strip()) else (prefix, "")


def _files(text: str, layout: Layout) -> list[tuple[str, str]]:
    """Paths and texts of the files that marks divide; what stands in front of the first mark is a repository's name."""
    places = {mark: at for mark in layout.files if (at := text.find(mark)) >= 0}
    if not places:
        return []
    mark = min(places, key=lambda known: places[known])
    return [_file(piece) for piece in text[places[mark] + len(mark) :].split(mark, MAX_SNIPPETS)]


def _file(piece: str) -> tuple[str, str]:
    line, _, rest = piece.partition("\n")
    path = line.partition("<gh_stars>")[0].strip()
    return (path, rest) if is_path(path) else ("", piece)
