"""The JSON that commands answer with. Lines and columns count from 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from codeassist.errors import CodeassistError
from codeassist.fault_log import keep_trace
from codeassist.types import Explanation, LeftOut, Source, Suggestion
from indexer.errors import IndexerError
from indexer.types import Hit, IndexReport

if TYPE_CHECKING:
    from indexer.importance import Ranked
    from indexer.status import StoredIndex


def hits_answer(hits: Sequence[Hit]) -> dict[str, Any]:
    """What `search` found, best first."""
    return {"hits": [_hit(hit) for hit in hits]}


def map_answer(text: str, definitions: Sequence[Ranked]) -> dict[str, Any]:
    """The map as `map` prints it, and the definitions in it, those that matter most first."""
    return {"map": text, "definitions": [_definition(item) for item in definitions]}


def suggestion_answer(suggestion: Suggestion) -> dict[str, Any]:
    """What `complete` suggests; `text` is empty and `drop_reason` says why when it suggests nothing."""
    return {
        "text": suggestion.text,
        "drop_reason": suggestion.drop_reason,
        "replace_left": suggestion.replace_left,
        "replace_right": suggestion.replace_right,
        "confidence": suggestion.confidence,
        "from_cache": suggestion.from_cache,
        "sources": [_source(source) for source in suggestion.sources],
        "usage": asdict(suggestion.usage),
        "ms": _rounded(suggestion.ms),
    }


def explanation_answer(explanation: Explanation) -> dict[str, Any]:
    """What `complete` would send, and why."""
    return {
        "skip_reason": explanation.skip_reason,
        "sources": [_source(source) for source in explanation.sources],
        "left_out": [_left_out(item) for item in explanation.left_out],
        "budgets": explanation.budgets,
        "prompt_tokens": explanation.prompt_tokens,
        "forced_prefix": explanation.forced_prefix,
        "prompt": explanation.prompt,
        "ms": _rounded(explanation.ms),
    }


def report_answer(report: IndexReport) -> dict[str, Any]:
    """What `index` did."""
    answer = asdict(report)
    return answer | {"skipped": [asdict(file) for file in report.skipped], "warnings": list(report.warnings)}


def status_answer(stored: StoredIndex) -> dict[str, Any]:
    """What `index --status` tells."""
    share = round(stored.bytes_per_source_byte, 2)
    return asdict(stored) | {"bytes_per_source_byte": share, "is_current": stored.is_current}


def error_answer(error: Exception) -> dict[str, Any]:
    """What went wrong: the kind for a program, the message for a person."""
    return {"error": {"kind": type(error).__name__, "message": told(error)}}


def told(error: Exception) -> str:
    """The line for the user. A bug of ours is told as one; its trace is in the log."""
    if isinstance(error, typer.TyperException):
        return f"{error.format_message()} (`codeassist --help` and `codeassist COMMAND --help` have examples)"
    if isinstance(error, CodeassistError | IndexerError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename else str(error)
    return f"internal error: {type(error).__name__}: {error} ({keep_trace(error)} shows where)"


def span(start_line: int, end_line: int) -> str:
    """`12` or `12-20`."""
    return str(start_line) if start_line == end_line else f"{start_line}-{end_line}"


def _hit(hit: Hit) -> dict[str, Any]:
    return asdict(hit) | {"lines": span(hit.start_line, hit.end_line), "score": round(hit.score, 6)}


def _definition(item: Ranked) -> dict[str, Any]:
    symbol = item.symbol
    return {
        "path": symbol.path,
        "line": symbol.start_line,
        "name": symbol.name,
        "kind": symbol.kind,
        "container": symbol.container,
        "rank": round(item.rank, 6),
    }


def _source(source: Source) -> dict[str, Any]:
    return {
        "path": source.path,
        "start_line": source.start_line,
        "end_line": source.end_line,
        "lines": span(source.start_line, source.end_line),
        "why": source.why,
        "tokens": source.n_tokens,
    }


def _left_out(item: LeftOut) -> dict[str, Any]:
    return asdict(item) | {"lines": span(item.start_line, item.end_line)}


def _rounded(ms: dict[str, float]) -> dict[str, float]:
    return {stage: round(value, 2) for stage, value in ms.items()}
