"""What clients sent before: who types on goes on in the same document, also where no file of the index is known for it.

Bounded by documents and by characters; what was used longest ago is forgotten. May be used from any thread.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

MAX_DOCUMENTS = 128
MAX_CHARS = 16_000_000
# So many documents of a client are compared with a text that no file is known for.
MAX_TRIED = 4
_HEAD_CHARS = 400


@dataclass(frozen=True, slots=True)
class Remembered:
    """A document of a client. key: tells it from all others. path, version: of the indexed file, "" for none."""

    key: str
    client: str
    path: str
    version: str
    lines: tuple[str, ...]

    @property
    def n_chars(self) -> int:
        """About what it takes."""
        return sum(map(len, self.lines)) + len(self.lines)


class GapMemory:
    """Documents by key, the newest last."""

    def __init__(self, max_documents: int = MAX_DOCUMENTS, max_chars: int = MAX_CHARS) -> None:
        self._max_documents = max_documents
        self._max_chars = max_chars
        self._lock = threading.Lock()
        self._documents: OrderedDict[str, tuple[Remembered, int]] = OrderedDict()
        self._n_chars = 0

    def last(self, client: str) -> Remembered | None:
        """What the client sent last."""
        return next(iter(self._of(client)), None)

    def find(self, client: str, fits: Callable[[Remembered], bool]) -> Remembered | None:
        """The newest few documents of a client, the first that fits."""
        return next((document for document in self._of(client)[:MAX_TRIED] if fits(document)), None)

    def get(self, key: str) -> Remembered | None:
        """The document with this key."""
        with self._lock:
            found = self._documents.get(key)
        return found[0] if found else None

    def put(self, document: Remembered) -> None:
        """Remember a document in the place of what its key had."""
        n_chars = document.n_chars
        with self._lock:
            self._n_chars += n_chars - self._documents.pop(document.key, (document, 0))[1]
            self._documents[document.key] = document, n_chars
            while len(self._documents) > self._max_documents or self._n_chars > self._max_chars:
                self._n_chars -= self._documents.popitem(last=False)[1][1]

    def _of(self, client: str) -> list[Remembered]:
        with self._lock:
            return [document for document, _ in reversed(self._documents.values()) if document.client == client]


def key_of_path(client: str, path: str) -> str:
    """The key of a client's document that is an indexed file."""
    return f"{client}\0{path}"


def key_of_text(client: str, text: str) -> str:
    """The key of a document that no file is known for: by how it begins."""
    return f"{client}\0\0{hashlib.blake2b(text[:_HEAD_CHARS].encode(), digest_size=8).hexdigest()}"
