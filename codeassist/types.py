"""The values that cross the core's borders: all frozen, all plain.

Lines and columns are 0-based here and count code points; the command line converts from 1-based, the Language
Server from the negotiated encoding.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

FinishReason = Literal["stop", "length", "abort"]


class Priority(enum.IntEnum):
    """Who goes first on a shared engine; smaller is sooner (vLLM's `priority` scheduling)."""

    COMPLETION = 0
    CHAT = 10
    REVIEW = 20
    INDEX = 30
    # What nobody has asked for yet: the text after a suggestion, a prompt before its first key.
    AHEAD = 40


@dataclass(frozen=True, slots=True)
class Document:
    """One version of one text. `path` is relative to the workspace root (POSIX), or a bare name outside of it.

    text has LF line ends; `newline` is what the file uses ("\\n" or "\\r\\n") and what insertions are given back in.
    """

    path: str
    text: str
    version: int = 0
    newline: str = "\n"
    language: str = ""


@dataclass(frozen=True, slots=True)
class Cursor:
    """0-based line and 0-based column in code points."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request; `cached_tokens` of the prompt came from the engine's KV cache."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """One thing to generate.

    prompt: token ids (complete, BOS included), or text for engines whose tokenizer we do not have.
    forced_prefix: the answer must begin with this text (token healing). It is part of the streamed text.
        Only engines whose `ModelInfo.supports_forced_prefix` is true accept a non-empty one.
    stop: texts that end the answer; they are not part of it.
    temperature: 0 is greedy.
    logprobs: whether deltas carry the log-probability of each token.
    top_logprobs: how many of the likeliest tokens each token comes with; more than 0 only with `logprobs` or
        `score_last`.
    client: who asks, "" for this process's own user; where many share an engine, each gets its turn.
    adapter: folder of the LoRA adapter to answer with, "" for the model as it is.
    score_last: so many tokens at the prompt's end are scored: the first delta's `scored` has one Token for each, with
        `top_logprobs` likeliest tokens in its place. The prompt must be token ids and longer than that, and
        `max_tokens` 1; only engines whose `ModelInfo.supports_scoring` is true accept more than 0.
    """

    id: str
    prompt: tuple[int, ...] | str
    max_tokens: int
    forced_prefix: str = ""
    stop: tuple[str, ...] = ()
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None
    priority: Priority = Priority.COMPLETION
    logprobs: bool = False
    top_logprobs: int = 0
    client: str = ""
    adapter: str = ""
    score_last: int = 0


@dataclass(frozen=True, slots=True)
class Snippet:
    """Code of another file that a client sent along. path: as the client names it, "" when it does not say."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class FimRequest:
    """A gap in a text, which a client of the HTTP endpoint wants filled.

    path: of the text as the client names it; language: as an editor calls it; each "" where the client does not say.
    snippets: what the client sent of other files, best first.
    wants_context: whether code of the repository may be added.
    top_logprobs: None for no log-probabilities, else how many of the likeliest tokens each comes with.
    client: who asks (`GenerationRequest.client`). priority: who goes first.
    """

    id: str
    prefix: str
    suffix: str
    max_tokens: int = 64
    stop: tuple[str, ...] = ()
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None
    top_logprobs: int | None = None
    path: str = ""
    language: str = ""
    snippets: tuple[Snippet, ...] = ()
    wants_context: bool = True
    client: str = ""
    priority: Priority = Priority.COMPLETION

    @property
    def is_warm_up(self) -> bool:
        """Whether only the prompt is to be computed (`n_predict: 0`), for a request that may follow."""
        return self.max_tokens == 1


@dataclass(frozen=True, slots=True)
class Token:
    """One generated token: its text (may be empty in the middle of a code point) and natural log-probability.

    top: the likeliest tokens in its place with theirs, best first, where they were asked for.
    """

    text: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Delta:
    """What one step of the engine added.

    text: concatenating the texts of all deltas gives the answer.
    tokens: one per generated token when log-probabilities were asked for, else ().
    usage: so far. finish_reason: None until the last delta.
    model: who answers, where it is another model than the engine's own; else "".
    scored: one per token of the prompt that was to be scored, in the first delta alone.
    """

    text: str
    usage: Usage
    tokens: tuple[Token, ...] = ()
    finish_reason: FinishReason | None = None
    model: str = ""
    scored: tuple[Token, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What the core must know of the model that an engine runs.

    context_tokens: prompt and answer together. prompt_tokens: advised prompt budget.
    template: name of the FIM template (`fim.TEMPLATES`). tokenizer: path of a tokenizer.json on this machine, or None.
    gate: least probability (0 to 1) of the suggestion's first line; below it nothing is shown unasked. None when not
        calibrated.
    supports_scoring: whether `GenerationRequest.score_last` may be more than 0.
    base: what adapters know the model by (`adapters/fingerprint.py`); "" where requests may name none.
    """

    name: str
    template: str
    context_tokens: int
    prompt_tokens: int
    completion_tokens: int = 64
    tokenizer: Path | None = None
    supports_forced_prefix: bool = False
    supports_logprobs: bool = False
    gate: float | None = None
    base: str = ""
    supports_scoring: bool = False


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """Whether the engine answers now, in words a status bar can show.

    stand_in: the model that answers in the place of the engine's own, which `message` says the trouble of; else "".
    """

    state: Literal["stopped", "starting", "ready", "restarting", "failed"]
    message: str = ""
    pid: int | None = None
    restarts: int = 0
    stand_in: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A piece of another file (or of the same one) that the prompt carried. Lines are 1-based, inclusive."""

    path: str
    start_line: int
    end_line: int
    why: str
    n_tokens: int = 0


@dataclass(frozen=True, slots=True)
class ContextReport:
    """What was added to a gap that a client wants filled.

    path: the indexed file that its text was taken for, "" for none. n_tokens: of all `sources`.
    reason: why nothing was added, "" where something was. ms: what it took.
    """

    path: str = ""
    sources: tuple[Source, ...] = ()
    n_tokens: int = 0
    reason: str = ""
    ms: float = 0.0


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A hit that the prompt does not carry, and why not."""

    path: str
    start_line: int
    end_line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What one completion request came to. `text` is "" when nothing is suggested and `drop_reason` says why.

    The suggestion replaces the document from `replace_left` code points left of the cursor to `replace_right` code
    points right of it, both on the cursor's line; both are 0 for a plain insertion.
    ms: milliseconds per stage: "window", "retrieve", "prompt", "first_token", "decode", "trim", "total"; and "wait" for
    a pause in typing, which the total does not count.
    """

    id: str
    text: str
    sources: tuple[Source, ...] = ()
    usage: Usage = Usage()
    ms: dict[str, float] = field(default_factory=dict)
    drop_reason: str | None = None
    replace_left: int = 0
    replace_right: int = 0
    confidence: float | None = None
    from_cache: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the last request in a document came to. line: 0-based, the cursor's. text: "" where nothing was suggested,
    and `drop_reason` says why.
    """

    id: str
    path: str
    line: int
    text: str
    drop_reason: str | None
    confidence: float | None
    sources: tuple[Source, ...]
    ms: dict[str, float]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A prompt laid open: what a completion at this cursor would send, and why.

    budgets: tokens allowed and used per part: {"prefix": {"allowed": 900, "used": 412}, ...}.
    prompt: the exact text with special tokens spelled out.
    """

    prompt: str
    prompt_tokens: int
    sources: tuple[Source, ...]
    left_out: tuple[LeftOut, ...]
    budgets: dict[str, dict[str, int]]
    forced_prefix: str = ""
    skip_reason: str | None = None
    ms: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of_nothing(cls, reason: str) -> Explanation:
        """For a document that no model may see."""
        return cls("", 0, (), (), {}, skip_reason=reason)
