"""`codeassist demo`: what `make demo` shows once everything is set up."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich.text import Text

from codeassist.commands.answers import report_answer, suggestion_answer
from codeassist.commands.bars import bars
from codeassist.commands.demo_places import PLACES, FoundPlace, find_place
from codeassist.commands.editors import editor_snippets
from codeassist.commands.front import Front, front_of
from codeassist.commands.opening import opened, run_async, warm_up
from codeassist.commands.options import AsJson, Overrides
from codeassist.commands.show import figures, ghost_text, sources_table
from codeassist.errors import DocumentError
from codeassist.types import Document, Suggestion
from indexer.types import IndexReport

# The list of places quotes the lines that are asked for; no suggestion may be copied from there.
_EXCLUDE = "index.exclude=/codeassist/commands/demo*.py"


@dataclass(frozen=True, slots=True)
class _Shown:
    found: FoundPlace
    document: Document
    suggestion: Suggestion


@dataclass(frozen=True, slots=True)
class _Outcome:
    model: str
    report: IndexReport | None
    shown: tuple[_Shown, ...]
    seconds: float


def demo(context: typer.Context, as_json: AsJson = False, overrides: Overrides = None) -> None:
    """Ghost text at a few places of this repository, where it came from and what it cost.

    At each place the rest of the line is taken away, and the model is asked to find it. What it says is shown as it
    comes: right, wrong, or nothing because it was not sure.
    """
    front = front_of(context)
    root = project_root()
    places = [find_place(root, place) for place in PLACES]
    snippets = editor_snippets(root)
    outcome = run_async(_run(front, root, places, [*(overrides or []), _EXCLUDE]))
    if as_json:
        front.print_json(_answer(outcome))
        return
    for shown in outcome.shown:
        _show(front, shown)
    _show_summary(front, outcome)
    for snippet in snippets:
        front.console.print(Text.assemble((f"\n{snippet.editor}", "bold"), f": {snippet.where}"))
        front.console.print(Text(snippet.text, style="cyan"))


def project_root() -> Path:
    """The checkout that this program runs from. Raises DocumentError for an installed package."""
    root = Path(__file__).resolve().parents[2]
    if not (root / "extension-config").is_dir():
        raise DocumentError("the demonstration shows this project's own repository: run it in a checkout (make demo)")
    return root


async def _run(front: Front, root: Path, places: Sequence[FoundPlace], overrides: list[str]) -> _Outcome:
    started = time.perf_counter()
    async with opened(front, root, overrides) as assistant:
        with bars(front) as shown:
            report = await warm_up(front, assistant, shown)
        suggestions = []
        for found in places:
            document = assistant.document(root / found.place.file, found.text)
            suggestion = await assistant.complete(document, found.position.cursor)
            suggestions.append(_Shown(found, document, suggestion))
        model = assistant.engine.info.name
    return _Outcome(model, report, tuple(suggestions), time.perf_counter() - started)


def _show(front: Front, shown: _Shown) -> None:
    console, found, suggestion = front.console, shown.found, shown.suggestion
    where = (f"\n{found.position.file}:{found.position.line}:{found.position.col}", "bold cyan")
    console.print(Text.assemble(where, (f"   needs {found.place.needs}", "dim")))
    console.print(ghost_text(shown.document, found.position, suggestion))
    console.print(_verdict(found, suggestion))
    if suggestion.sources:
        console.print(sources_table(suggestion.sources))
    console.print(figures(suggestion))


def _verdict(found: FoundPlace, suggestion: Suggestion) -> Text:
    if not suggestion.text:
        reason = suggestion.drop_reason or "the model had nothing to add"
        return Text.assemble((f"nothing suggested: {reason}; ", "yellow"), ("the file has ", "dim"), found.truth)
    if is_right(found, suggestion):
        return Text("just what the file has", style="green")
    if found.truth.startswith(suggestion.text):
        return Text.assemble(("right as far as it goes; ", "green"), ("the file has ", "dim"), found.truth)
    return Text.assemble(("the file has ", "dim"), found.truth)


def is_right(found: FoundPlace, suggestion: Suggestion) -> bool:
    """Whether the first suggested line is what the file has."""
    return suggestion.text.split("\n")[0].strip() == found.truth.strip()


def _show_summary(front: Front, outcome: _Outcome) -> None:
    n_right = sum(is_right(shown.found, shown.suggestion) for shown in outcome.shown)
    n_silent = sum(not shown.suggestion.text for shown in outcome.shown)
    text = f"{outcome.model}: {n_right} of {len(outcome.shown)} as in the file, {n_silent} left out as too uncertain"
    if outcome.report:
        text += f" · {outcome.report.files} files, {outcome.report.symbols} symbols in the index"
    front.console.print(Text(f"\n{text} · {outcome.seconds:.1f} s in all", style="bold green"))


def _answer(outcome: _Outcome) -> dict[str, Any]:
    return {
        "model": outcome.model,
        "index": report_answer(outcome.report) if outcome.report else None,
        "places": [_place_answer(shown) for shown in outcome.shown],
        "seconds": round(outcome.seconds, 2),
    }


def _place_answer(shown: _Shown) -> dict[str, Any]:
    found = shown.found
    place = {
        "file": found.position.file,
        "line": found.position.line,
        "col": found.position.col,
        "needs": found.place.needs,
        "truth": found.truth,
        "is_right": is_right(found, shown.suggestion),
    }
    return place | suggestion_answer(shown.suggestion)
