"""Everything the core raises.

    CodeassistError
    ├── ConfigError          a setting is unknown, of the wrong type, or not allowed where it stands
    ├── CursorError          the cursor lies outside of the document
    ├── DocumentError        the file is binary, too large, not text, or gone
    ├── ModelError           the model directory is missing or cannot be used
    ├── NoChatModel          chat is asked for and no model is configured
    ├── AnswerUnusable       what the chat model wrote may not be put into the file
    ├── SandboxUnavailable   what a model wrote cannot be run where it does no harm
    ├── ReviewImpossible     there is no change to look at, or git cannot tell it
    │   ├── UnknownRevision      what was named is no commit of this clone
    │   └── DiffUnusable         what was given is no diff
    ├── AddressInUse         another process listens where the endpoint would
    ├── StatisticsUnavailable    the file of the local statistics is damaged, locked, or may not be written
    ├── ShadowLogUnavailable     the same of the log that compares two engines
    └── EngineError          the engine, or the chat model, cannot answer
        ├── EngineUnavailable    not installed, not reachable, still starting or restarting
        ├── EngineCrashed        it died; a restart is under way
        ├── AnswerCutOff         it wrote as much as it may, and was not done
        └── RequestRejected      the request is malformed for this engine (too long, unknown field)
            └── AdapterUnusable  the adapter that it names cannot be applied to the model

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


class SandboxUnavailable(CodeassistError):
    """What a model wrote cannot be run where it does no harm, and so is not run."""


class ReviewImpossible(CodeassistError):
    """There is no change to review, or git cannot tell what it is."""


class UnknownRevision(ReviewImpossible):
    """What was named is no commit of this clone."""


class DiffUnusable(ReviewImpossible):
    """What was given as a diff is none."""


class NoChatModel(CodeassistError):
    """Chat is asked for, and the settings name no model."""

    def __init__(self) -> None:
        super().__init__(
            "no chat model is configured: set chat.url in your settings to the address of an OpenAI-compatible server, "
            "for example http://127.0.0.1:8000/v1"
        )


class AnswerUnusable(CodeassistError):
    """The chat model answered with something that may not be put into the file."""


class AddressInUse(CodeassistError):
    """Another process listens on the address of the endpoint."""


class StatisticsUnavailable(CodeassistError):
    """The file of the local statistics is damaged, locked, of another format, or may not be read or written."""


class ShadowLogUnavailable(CodeassistError):
    """The log of comparisons is damaged, locked, of another format, or may not be read or written."""


class EngineError(CodeassistError):
    """The engine cannot answer."""


class EngineUnavailable(EngineError):
    """The engine is not installed, not reachable, or not ready yet."""


class EngineCrashed(EngineError):
    """The engine died while it was working."""


class AnswerCutOff(EngineError):
    """The answer ended because it was as long as it may be."""


class RequestRejected(EngineError):
    """The engine cannot honour this request."""


class AdapterUnusable(RequestRejected):
    """The request is for an adapter that cannot be applied; without it, the engine answers."""
