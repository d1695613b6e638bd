"""What a client sends of other files, as hits: where the index has it, with its lines there."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence

from codeassist.gap_retrieval import CLIENT, is_repeated, telling_lines
from codeassist.gap_text import named_path, with_line_feeds
from codeassist.types import Snippet
from indexer.line_votes import Hints
from indexer.locating import Located
from indexer.records import can_hold
from indexer.secret_rules import holds_secret
from indexer.types import Hit, library_path, shown_path

MAX_SNIPPETS = 64
MAX_SNIPPET_CHARS = 20_000
_REMEMBERED = 512
WHY = "sent by the client"

Locate = Callable[[Sequence[str], Hints], Located]
Withheld = Callable[[str, str], str | None]


class SnippetReader:
    """Reads snippets; where they stand is remembered, for clients send the same ones with every key. Thread-safe."""

    def __init__(self, root: str, locate: Locate, withheld: Withheld) -> None:
        self._root = root
        self._locate = locate
        self._withheld = withheld
        self._lock = threading.Lock()
        self._read: OrderedDict[str, Hit | None] = OrderedDict()

    def hits(self, snippets: Iterable[Snippet], document: str) -> tuple[Hit, ...]:
        """Hits, best first; without those that the document shows itself, or that no model may see."""
        shown = telling_lines(document)
        found: dict[str, Hit] = {}
        for snippet in list(snippets)[:MAX_SNIPPETS]:
            hit = self._hit(snippet)
            if hit is None or hit.text in found or is_repeated(hit.text, shown) or self._is_withheld(hit):
                continue
            found[hit.text] = hit
        return tuple(found.values())

    def _hit(self, snippet: Snippet) -> Hit | None:
        key = _digest(f"{snippet.path}\0{snippet.text}")
        with self._lock:
            if key in self._read:
                self._read.move_to_end(key)
                return self._read[key]
        hit = self._find(snippet)
        with self._lock:
            self._read[key] = hit
            while len(self._read) > _REMEMBERED:
                self._read.popitem(last=False)
        return hit

    def _find(self, snippet: Snippet) -> Hit | None:
        text = with_line_feeds(snippet.text[:MAX_SNIPPET_CHARS]).strip("\n").rstrip()
        path = named_path(snippet.path, self._root)
        if not text.strip() or not can_hold(text):
            return None
        lines = text.split("\n")
        located = self._locate(lines, Hints(named=path))
        start = _line_in(located.lines, text) if located.path else None
        if start is None:
            return Hit(library_path(f"{CLIENT}:{_digest(text)}", path), 1, len(lines), 1.0, text, "client", WHY)
        return Hit(located.path, start, start + len(lines) - 1, 1.0, text, "client", WHY)

    def _is_withheld(self, hit: Hit) -> bool:
        """Asked anew each time, for ignore files change; cheap."""
        path = shown_path(hit.path)
        return self._withheld(path, hit.text) is not None if path else holds_secret(hit.text)


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _line_in(lines: Sequence[str], text: str) -> int | None:
    """The 1-based line at which a file has a text of whole lines."""
    file = "\n" + "\n".join(lines) + "\n"
    at = file.find(f"\n{text}\n")
    return file.count("\n", 0, at) + 1 if at >= 0 else None
