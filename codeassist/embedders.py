"""The embedding model that the settings name; several workspaces of one process share it."""

from __future__ import annotations

import logging
from pathlib import Path

from codeassist.models.directory import shipped_embedder
from codeassist.settings import IndexSettings
from codeassist.sharing import Shared
from indexer.embedding import Embedder, SentenceTransformerEmbedder
from indexer.errors import EmbedderUnavailable

logger = logging.getLogger(__name__)

_EMBEDDERS = Shared(SentenceTransformerEmbedder)


def open_embedder(settings: IndexSettings) -> Embedder:
    """The embedder, which is loaded at its first use. Raises EmbedderUnavailable."""
    return _EMBEDDERS.get(Path(settings.embedder).expanduser() if settings.embedder else shipped_embedder())


def find_embedder(settings: IndexSettings) -> Embedder | None:
    """The embedder, or None with a line in the log where there can be none."""
    try:
        return open_embedder(settings)
    except EmbedderUnavailable as error:
        logger.info("search works without vectors: %s", error)
        return None
