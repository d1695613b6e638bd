"""Everything the indexer raises.

    IndexerError
    ├── WorkspaceError        the folder does not exist, is no folder, or cannot be read
    ├── IndexDamaged          the stored index cannot be used; the remedy is to rebuild it
    ├── IndexUnavailable      it cannot be written now: another process holds it, or the disk is full
    ├── IndexClosed           a call after close()
    └── EmbedderUnavailable   vectors were asked for and the embedding model cannot be loaded

Reading and parsing a user's files raises none of these: a file that cannot be read is skipped with its reason.
"""

from __future__ import annotations


class IndexerError(Exception):
    """Base of all errors of this package."""


class WorkspaceError(IndexerError):
    """The workspace folder does not exist, is no folder, or cannot be read."""


class IndexDamaged(IndexerError):
    """The index on disk cannot be used and could not be set aside and rebuilt."""


class IndexUnavailable(IndexerError):
    """The index cannot be written now: another process holds it too long, or the disk is full."""


class IndexClosed(IndexerError):
    """The index was used after `close()`."""


class EmbedderUnavailable(IndexerError):
    """The embedding model cannot be loaded; search goes on without vectors."""
