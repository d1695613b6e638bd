"""The suggestions of a session that the editor may still speak of, and why there was none."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from lsprotocol import types

from codeassist.types import Cursor, Outcome, Suggestion
from codeassist.types import Document as CoreDocument
from lsp.documents import Document
from lsp.json_parts import part, text_in
from lsp.place import Place

# What the editor runs when the user has taken a suggestion as a whole.
ACCEPTED = "codeassist.accepted"

# An editor speaks of what it shows or has just inserted; a list has one entry of ours.
_KEPT = 64


@dataclass(frozen=True, slots=True)
class Offer:
    """One suggestion as the editor gets it.

    document: the version that it was made for. text: what is put in place of start..end, with the editor's line ends.
    """

    suggestion: Suggestion
    document: Document
    language: str
    text: str
    start: Cursor
    end: Cursor
    invoked: bool

    @property
    def key(self) -> tuple[str, str]:
        """Ids are counted by folder, so that the document belongs to them."""
        return self.document.uri, self.suggestion.id

    @property
    def span(self) -> types.Range:
        """What the text takes the place of, in the client's units."""
        return types.Range(start=self.document.position(self.start), end=self.document.position(self.end))

    @property
    def outcome(self) -> types.Command:
        """What the editor runs when the user has taken it all."""
        uri, identity = self.key
        arguments = [{"id": identity, "uri": uri, "characters": len(self.text)}]
        return types.Command(title="codeassist: accepted", command=ACCEPTED, arguments=arguments)


class Suggestions:
    """The last offers, and the documents that nothing was even asked for."""

    def __init__(self) -> None:
        self._offers: OrderedDict[tuple[str, str], Offer] = OrderedDict()
        self._silent: dict[str, dict[str, Any]] = {}
        self._last_uri: str | None = None

    def made(self, place: Place, source: CoreDocument, suggestion: Suggestion, *, invoked: bool) -> Offer:
        """The core suggests this; whether the editor still wants it is another question."""
        span, text = place.edit(suggestion, source.newline)
        document = place.document
        start, end = document.cursor(span.start), document.cursor(span.end)
        offer = Offer(suggestion, document, source.language, text, start, end, invoked)
        self._offers[offer.key] = offer
        self._offers.move_to_end(offer.key)
        while len(self._offers) > _KEPT:
            self._offers.popitem(last=False)
        return offer

    def asked(self, uri: str) -> None:
        """The core is asked for a suggestion in a document, and will know why it is what it is."""
        self._last_uri = uri
        self._silent.pop(uri, None)

    def silent(self, uri: str, line: int, reason: str) -> None:
        """Nothing was even asked. line: 0-based."""
        self._last_uri = uri
        self._silent[uri] = why(uri, Outcome("", "", line, "", reason, None, (), {}))

    def find(self, uri: str, identity: str) -> Offer | None:
        """An offer that the editor speaks of; None for one that is long past."""
        return self._offers.get((uri, identity))

    def find_in(self, items: Sequence[Any]) -> list[Offer]:
        """The offers that items were made of, as far as they are known; an item's command names its own."""
        found = [self.find(*key) for item in items if (key := named_in(item)) is not None]
        return [offer for offer in found if offer is not None]

    @property
    def last_uri(self) -> str | None:
        """The document that was last asked for; None before the first."""
        return self._last_uri

    def why_silent(self, uri: str) -> dict[str, Any] | None:
        """Why nothing was asked the last time; None when the core was."""
        return self._silent.get(uri)

    def closed(self, uri: str) -> None:
        """Forget a document."""
        self._silent.pop(uri, None)
        for key in [key for key in self._offers if key[0] == uri]:
            del self._offers[key]


def why(uri: str, outcome: Outcome) -> dict[str, Any]:
    """What a request came to, as the editor gets it."""
    return {
        "id": outcome.id,
        "uri": uri,
        "line": outcome.line,
        "text": outcome.text,
        "reason": "" if outcome.text else outcome.drop_reason or "the model had nothing to add",
        "confidence": outcome.confidence,
        "sources": [asdict(source) for source in outcome.sources],
        "ms": {stage: round(ms, 2) for stage, ms in outcome.ms.items()},
    }


def named_in(item: Any) -> tuple[str, str] | None:
    """URI and id of the offer that an item of ours was made of: an object of the protocol, or its JSON."""
    arguments = part(part(item, "command"), "arguments")
    outcome = arguments[0] if isinstance(arguments, list | tuple) and arguments else None
    uri, identity = text_in(outcome, "uri"), text_in(outcome, "id")
    return (uri, identity) if uri is not None and identity is not None else None
