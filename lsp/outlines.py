"""The syntax of open documents, parsed in a thread once a version: editors ask for code actions at every move."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from indexer.outline import Outlined, read_syntax
from lsp.documents import Document
from lsp.workspace import path_of

# Above this nothing is parsed for a menu: it would take longer than the menu is waited for.
MAX_CHARACTERS = 256 * 1024
MAX_KEPT = 16

Outline = tuple[Outlined, ...]


class Outlines:
    """What is defined in the documents that were asked about last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[Document, Outline]] = OrderedDict()

    async def of(self, document: Document) -> Outline:
        """The definitions of this version; none of a text that is very large or of no language that is known."""
        kept = self._kept.get(document.uri)
        if kept is not None and kept[0] is document:
            return kept[1]
        outline = await asyncio.to_thread(_outline, document)
        self._kept[document.uri] = document, outline
        self._kept.move_to_end(document.uri)
        while len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        return outline


def _outline(document: Document) -> Outline:
    if sum(map(len, document.lines)) > MAX_CHARACTERS:
        return ()
    text = document.text.replace("\r\n", "\n").replace("\r", "\n")
    syntax = read_syntax(path_of(document.uri).name, text, document.language_id)
    return syntax.outline if syntax is not None else ()
