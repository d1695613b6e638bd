"""Suggestions and explanations for a person's eyes."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from codeassist.commands.answers import span
from codeassist.commands.places import Position
from codeassist.types import Document, Explanation, LeftOut, Source, Suggestion

LINES_ABOVE = 2
LINES_BELOW = 1


def show_suggestion(console: Console, document: Document, place: Position, suggestion: Suggestion) -> None:
    """The line with its ghost text, where the context came from, tokens and milliseconds."""
    console.print(Text(f"{document.path}:{place.line}:{place.col}", style="bold cyan"))
    console.print(ghost_text(document, place, suggestion))
    if not suggestion.text:
        reason = suggestion.drop_reason or "the model had nothing to add"
        console.print(Text(f"nothing suggested: {reason}   (--invoked asks all the same)", style="yellow"))
    if suggestion.sources:
        console.print(sources_table(suggestion.sources))
    console.print(figures(suggestion))


def show_explanation(console: Console, place: Position, explanation: Explanation) -> None:
    """Sources, what was left out, budgets, and the exact prompt."""
    console.print(Text(f"{place.file}:{place.line}:{place.col}", style="bold cyan"))
    if explanation.skip_reason:
        console.print(Text(f"nothing would be asked here: {explanation.skip_reason}", style="yellow"))
    if explanation.sources:
        console.print(sources_table(explanation.sources))
    if explanation.left_out:
        console.print(_left_out_table(explanation.left_out))
    console.print(_budgets_table(explanation))
    console.print(Text(f"the prompt, {explanation.prompt_tokens} tokens", style="bold"))
    console.print(Text(explanation.prompt, style="dim"))
    if explanation.forced_prefix:
        console.print(Text(f"the answer must begin with {explanation.forced_prefix!r}", style="dim"))


def ghost_text(document: Document, place: Position, suggestion: Suggestion) -> Text:
    """The lines around the cursor as an editor shows them, the suggestion dimmed."""
    lines = document.text.split("\n")
    row, column = place.line - 1, place.col - 1
    shown = [_numbered(number + 1, Text(lines[number], "dim")) for number in range(max(row - LINES_ABOVE, 0), row)]
    body = Text(lines[row][: column - suggestion.replace_left])
    body.append(suggestion.text or "▏", style="green italic" if suggestion.text else "yellow")
    body.append(lines[row][column + suggestion.replace_right :])
    first, *more = body.split("\n", allow_blank=True)
    shown += [_numbered(place.line, first), *(_numbered(None, line) for line in more)]
    below = range(row + 1, min(row + 1 + LINES_BELOW, len(lines)))
    shown += [_numbered(number + 1, Text(lines[number], "dim")) for number in below]
    return Text("\n").join(shown)


def _numbered(number: int | None, line: Text) -> Text:
    """A suggested line has no number yet."""
    return Text.assemble((f"{number or '':>5} │ ", "dim"), line)


def sources_table(sources: Sequence[Source]) -> Table:
    """Which code from elsewhere the prompt carried."""
    table = Table(title="context", title_justify="left", title_style="bold", box=None, pad_edge=False)
    for heading in ("path", "lines"):
        table.add_column(heading, style="cyan")
    table.add_column("tokens", justify="right")
    table.add_column("why", style="dim")
    for source in sources:
        cells = (source.path, span(source.start_line, source.end_line), str(source.n_tokens), source.why)
        table.add_row(*map(Text, cells))
    return table


def figures(suggestion: Suggestion) -> Text:
    """Tokens in, from the cache and out on one line; milliseconds per stage on the next."""
    usage = suggestion.usage
    share = f" ({usage.cached_tokens / usage.prompt_tokens:.0%})" if usage.prompt_tokens else ""
    tokens = (
        f"tokens  {usage.prompt_tokens} in · {usage.cached_tokens} from cache{share} · {usage.completion_tokens} out"
    )
    if suggestion.confidence is not None:
        tokens += f" · confidence {suggestion.confidence:.2f}"
    stages = " · ".join(f"{stage} {value:.0f}" for stage, value in suggestion.ms.items())
    return Text(f"{tokens}\nms      {stages}", style="dim")


def _left_out_table(left_out: Sequence[LeftOut]) -> Table:
    table = Table(title="left out", title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("path", style="cyan")
    table.add_column("lines", style="cyan")
    table.add_column("why not", style="dim")
    for item in left_out:
        table.add_row(*map(Text, (item.path, span(item.start_line, item.end_line), item.reason)))
    return table


def _budgets_table(explanation: Explanation) -> Table:
    table = Table(title="token budgets", title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("part")
    table.add_column("used", justify="right")
    table.add_column("allowed", justify="right")
    for part, budget in explanation.budgets.items():
        table.add_row(part, str(budget.get("used", "")), str(budget.get("allowed", "")))
    return table
