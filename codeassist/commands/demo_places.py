"""Where the demonstration puts the cursor, found by the text that stands left of it; line numbers would not last."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from codeassist.commands.places import Position
from codeassist.errors import DocumentError


@dataclass(frozen=True, slots=True)
class Place:
    """marker: text that ends at the cursor and stands once in the file. needs: what must be known to be right here."""

    file: str
    marker: str
    needs: str


@dataclass(frozen=True, slots=True)
class FoundPlace:
    """text: the file without the rest of the cursor's line. truth: that rest, which the model is to find."""

    place: Place
    position: Position
    text: str
    truth: str


PLACES = (
    Place(
        "codeassist/server/health.py",
        "self.files, self.chunks, self.symbols = report.",
        "the fields of IndexReport, in indexer/types.py",
    ),
    Place(
        "codeassist/commands/answers.py",
        '"why": source.',
        "the fields of Source, in codeassist/types.py",
    ),
    Place(
        "codeassist/server/own.py",
        "wire.engine_to_json(service.assistant.engine.info, service.assistant.engine.",
        "the properties of Engine, in codeassist/protocols.py",
    ),
    Place(
        "codeassist/server/asking.py",
        "def _max_tokens(asked: ",
        "the type of a request, in codeassist/server/completion_request.py",
    ),
    Place(
        "codeassist/server/listening.py",
        "    await assistant.",
        "the methods of Assistant, in codeassist/assistant.py",
    ),
    Place(
        "codeassist/commands/places.py",
        '    position = Position(match["file"], ',
        "the dataclass further up in the same file",
    ),
)


def find_place(root: Path, place: Place) -> FoundPlace:
    """The place in the file as it is now. Raises DocumentError when the marker does not stand there exactly once."""
    try:
        text = (root / place.file).read_text(encoding="utf-8")
    except OSError as error:
        raise DocumentError(f"cannot read {place.file}: {error.strerror}") from error
    if text.count(place.marker) != 1:
        raise DocumentError(f"{place.file} does not hold {place.marker!r} exactly once; demo_places.py needs another")
    offset = text.index(place.marker) + len(place.marker)
    above = text[:offset]
    truth, newline, below = text[offset:].partition("\n")
    line = above.count("\n") + 1
    column = len(above) - (above.rfind("\n") + 1) + 1
    return FoundPlace(place, Position(place.file, line, column), above + newline + below, truth)
