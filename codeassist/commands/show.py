"""Suggestions and explanations for a person's eyes."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
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


def ghost_text(document: Document, place: Position, suggestion: Suggestion) -> RenderableType:
    """The lines around the cursor as an editor shows them, the suggestion dimmed."""
    lines = document.text.split("\n")
    row = place.line - 1
    line, column = lines[row], place.col - 1
    left, right = line[: column - suggestion.replace_left], line[column + suggestion.replace_right :]
    body = Text(left)
    body.append(suggestion.text or "▏", style="green dim italic" if suggestion.text else "yellow")
    body.append(right)
    above = Text("\n".join(lines[max(row - LINES_ABOVE, 0) : row]), style="dim")
    below = Text("\n".join(lines[row + 1 : row + 1 + LINES_BELOW]), style="dim")
    return Group(*(part for part in (above, body, below) if part.plain))


def sources_table(sources: Sequence[Source]) -> Table:
    """Which code from elsewhere the prompt carried."""
    table = Table(title="context", title_justify="left", title_style="bold", box=None, pad_edge=False)
    for heading in ("path", "lines"):
        table.add_column(heading, style="cyan")
    table.add_column("tokens", justify="right")
    table.add_column("why", style="dim")
    for source in sources:
        table.add_row(source.path, span(source.start_line, source.end_line), str(source.n_tokens), source.why)
    return table


def figures(suggestion: Suggestion) -> Text:
    """Tokens in, from the cache and out, and milliseconds per stage, on one line."""
    usage = suggestion.usage
    share = f" ({usage.cached_tokens / usage.prompt_tokens:.0%})" if usage.prompt_tokens else ""
    parts = [f"{usage.prompt_tokens} tokens in", f"{usage.cached_tokens} from cache{share}"]
    parts.append(f"{usage.completion_tokens} out")
    parts += [f"{stage} {value:.0f} ms" for stage, value in suggestion.ms.items()]
    if suggestion.confidence is not None:
        parts.append(f"confidence {suggestion.confidence:.2f}")
    return Text(" · ".join(parts), style="dim")


def _left_out_table(left_out: Sequence[LeftOut]) -> Table:
    table = Table(title="left out", title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("path", style="cyan")
    table.add_column("lines", style="cyan")
    table.add_column("why not", style="dim")
    for item in left_out:
        table.add_row(item.path, span(item.start_line, item.end_line), item.reason)
    return table


def _budgets_table(explanation: Explanation) -> Table:
    table = Table(title="token budgets", title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("part")
    table.add_column("used", justify="right")
    table.add_column("allowed", justify="right")
    for part, budget in explanation.budgets.items():
        table.add_row(part, str(budget.get("used", "")), str(budget.get("allowed", "")))
    return table
