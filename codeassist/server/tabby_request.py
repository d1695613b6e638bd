"""The bodies of Tabby's clients, read strictly.

Fields: clients/tabby-openapi of TabbyML/tabby, 0.32; `mode` and `edit_history` belong to its next edits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from codeassist.engine.fields import Misfit, flag, integer, mapping, number, one_of, text
from codeassist.server.body import Body
from codeassist.server.completion_fields import characters, seed, temperature
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
    rest = Body(body)
    for name in ("user", "model"):
        rest.take(name, text, "")
    rest.take("mode", one_of(("standard",)), "standard")
    options = Body(rest.take("debug_options", mapping, {}), "debug_options.")
    segments = Body(rest.take("segments", mapping, {}), "segments.")
    request = TabbyRequest(
        prefix=segments.take("prefix", characters, ""),
        suffix=segments.take("suffix", characters, ""),
        path=segments.take("filepath", characters, ""),
        language=rest.take("language", characters, ""),
        snippets=_snippets(segments),
        temperature=rest.take("temperature", temperature, 0.0),
        seed=rest.take("seed", _any_seed, None),
        raw_prompt=options.take("raw_prompt", characters, ""),
        wants_context=not options.take("disable_retrieval_augmented_code_completion", flag, False),
    )
    for name in ("return_snippets", "return_prompt"):
        options.take(name, _off, False)
    segments.ignore(("git_url", "edit_history"))
    for left in (rest, options, segments):
        left.finish()
    if not (request.raw_prompt or request.prefix or request.suffix):
        raise Problem(400, "`segments` has neither `prefix` nor `suffix`", param="segments", code="missing_field")
    return request


def read_tabby_event(body: Mapping[str, Any], select_kind: str) -> TabbyEvent:
    """The event; fields that say nothing of the answer are passed over, for clients send more with each version.
    select_kind: of the query, "line" for the first line."""
    rest = Body(body)
    what = rest.require("type", one_of(("view", "select", "dismiss")))
    completion_id = rest.require("completion_id", characters)
    kind = rest.take("select_kind", text, select_kind)
    rest.take("choice_index", integer, 0)
    rest.take("elapsed", number, 0)
    return TabbyEvent(completion_id, what, kind == "line")


def _snippets(segments: Body) -> tuple[Snippet, ...]:
    nothing: tuple[Snippet, ...] = ()
    found = [snippet for name in SNIPPETS for snippet in segments.take(name, _listed(_snippet), nothing)]
    clipboard = segments.take("clipboard", characters, "")
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
