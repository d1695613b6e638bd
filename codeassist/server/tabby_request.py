"""The bodies of Tabby's clients, read strictly.

Fields: clients/tabby-openapi of TabbyML/tabby, 0.32; `mode` and `edit_history` belong to its next edits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from codeassist.engine.fields import Misfit, flag, integer, mapping, number, one_of, text
from codeassist.server.completion_fields import characters, seed, take, temperature
from codeassist.server.outcomes import What
from codeassist.server.problems import Problem
from codeassist.types import Snippet

_T = TypeVar("_T")

# Of each kind; Tabby's own clients send eight at most.
MAX_SNIPPETS = 256

# Best first: what a name means, then what is being worked on, then what was looked at.
SNIPPETS = ("declarations", "relevant_snippets_from_changed_files", "relevant_snippets_from_recently_opened_files")


@dataclass(frozen=True, slots=True)
class TabbyRequest:
    """What a client asks for. raw_prompt: goes to the model as it is, in place of the gap; "" for none."""

    prefix: str
    suffix: str
    path: str
    language: str
    snippets: tuple[Snippet, ...]
    temperature: float
    seed: int | None
    raw_prompt: str = ""
    wants_context: bool = True


@dataclass(frozen=True, slots=True)
class TabbyEvent:
    """What became of an answer. is_line: its first line alone was taken."""

    completion_id: str
    what: What
    is_line: bool


def is_tabby(body: Mapping[str, Any]) -> bool:
    """Whether a body for `/v1/completions` is Tabby's and not OpenAI's."""
    return "prompt" not in body and ("segments" in body or "debug_options" in body)


def read_tabby_request(body: Mapping[str, Any]) -> TabbyRequest:
    """The request; null counts as not given. Raises Problem naming the field."""
    rest = _given(body)
    for name in ("user", "model"):
        take(rest, name, text, "")
    take(rest, "mode", one_of(("standard",)), "standard")
    options = _given(take(rest, "debug_options", mapping, {}))
    segments = _given(take(rest, "segments", mapping, {}))
    request = TabbyRequest(
        prefix=take(segments, "prefix", characters, ""),
        suffix=take(segments, "suffix", characters, ""),
        path=take(segments, "filepath", characters, ""),
        language=take(rest, "language", characters, ""),
        snippets=_snippets(segments),
        temperature=take(rest, "temperature", temperature, 0.0),
        seed=take(rest, "seed", _any_seed, None),
        raw_prompt=take(options, "raw_prompt", characters, ""),
        wants_context=not take(options, "disable_retrieval_augmented_code_completion", flag, False),
    )
    for name in ("return_snippets", "return_prompt"):
        take(options, name, _off, False)
    for name in ("git_url", "edit_history"):
        segments.pop(name, None)
    for left in (rest, options, segments):
        _require_empty(left)
    if not (request.raw_prompt or request.prefix or request.suffix):
        raise Problem(400, "`segments` has neither `prefix` nor `suffix`", param="segments", code="missing_field")
    return request


def read_tabby_event(body: Mapping[str, Any], select_kind: str) -> TabbyEvent:
    """The event; fields that say nothing of the answer are passed over, for clients send more with each version.
    select_kind: of the query, "line" for the first line."""
    rest = _given(body)
    for name in ("type", "completion_id"):
        if name not in rest:
            raise Problem(400, f"`{name}` is missing", param=name, code="missing_field")
    what = take(rest, "type", one_of(("view", "select", "dismiss")), "view")
    kind = take(rest, "select_kind", text, select_kind)
    take(rest, "choice_index", integer, 0)
    take(rest, "elapsed", number, 0)
    return TabbyEvent(take(rest, "completion_id", characters, ""), what, kind == "line")


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _snippets(segments: dict[str, Any]) -> tuple[Snippet, ...]:
    found = [snippet for name in SNIPPETS for snippet in take(segments, name, _listed(_snippet), ())]
    clipboard = take(segments, "clipboard", characters, "")
    return (*found, *([Snippet("", clipboard)] if clipboard.strip() else []))


def _listed(check: Callable[[object], _T]) -> Callable[[object], tuple[_T, ...]]:
    def checked(value: object) -> tuple[_T, ...]:
        if not isinstance(value, list) or len(value) > MAX_SNIPPETS:
            raise Misfit(f"a list of at most {MAX_SNIPPETS} objects")
        return tuple(check(item) for item in value)

    return checked


def _snippet(value: object) -> Snippet:
    fields = mapping(value)
    if not {"filepath", "body"} <= fields.keys() <= {"filepath", "body", "score"}:
        raise Misfit("a list of objects with `filepath`, `body` and `score`")
    return Snippet(characters(fields["filepath"]), characters(fields["body"]))


def _any_seed(value: object) -> int:
    """Tabby's is 64 bits wide."""
    return seed(integer(value) % 2**63)


def _off(value: object) -> bool:
    if flag(value):
        raise Misfit("false; the response says what was added in the header codeassist-context-report")
    return False


def _require_empty(rest: Mapping[str, Any]) -> None:
    for name in rest:
        raise Problem(400, f"unknown field `{name}`; it would not be honoured", param=name, code="unknown_field")
