"""Everything the core raises.

    CodeassistError
    ├── ConfigError          a setting is unknown, of the wrong type, or not allowed where it stands
    ├── CursorError          the cursor lies outside of the document
    ├── DocumentError        the file is binary, too large, not text, or gone
    ├── ModelError           the model directory is missing or cannot be used
    ├── AddressInUse         another process listens where the endpoint would
    ├── StatisticsUnavailable    the file of the local statistics is damaged, locked, or may not be written
    └── EngineError          the engine cannot answer
        ├── EngineUnavailable    not installed, not reachable, still starting or restarting
        ├── EngineCrashed        it died; a restart is under way
        └── RequestRejected      the request is malformed for this engine (too long, unknown field)

Each message names the thing and the remedy.
"""

from __future__ import annotations


class CodeassistError(Exception):
    """Base of all errors that a user can cause or cure."""


class ConfigError(CodeassistError):
    """A setting is unknown, of the wrong type, or not allowed in the file where it stands."""


class CursorError(CodeassistError):
    """The cursor lies outside of the document."""


class DocumentError(CodeassistError):
    """The document cannot be completed in: binary, too large, not text, or gone."""


class ModelError(CodeassistError):
    """The model directory is missing, incomplete or of an unknown kind."""


class AddressInUse(CodeassistError):
    """Another process listens on the address of the endpoint."""


class StatisticsUnavailable(CodeassistError):
    """The file of the local statistics is damaged, locked, of another format, or may not be read or written."""


class EngineError(CodeassistError):
    """The engine cannot answer."""


class EngineUnavailable(EngineError):
    """The engine is not installed, not reachable, or not ready yet."""


class EngineCrashed(EngineError):
    """The engine died while it was working."""


class RequestRejected(EngineError):
    """The engine cannot honour this request."""
