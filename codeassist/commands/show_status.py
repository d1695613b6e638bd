"""A server's status as lines for a terminal."""

from __future__ import annotations

import time
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

MAX_CLIENTS_SHOWN = 10
_STATE_STYLES = {"ready": "green", "failed": "bold red", "stopped": "red"}
_STAGES = {
    "context": "finding context",
    "queue": "waiting for a turn",
    "first_token": "to the first token",
    "decode": "from there to the end",
    "total": "all of it",
}


def show_status(console: Console, url: str, answer: dict[str, Any]) -> None:
    """Print what `/codeassist/v1/status` answered."""
    since = _span(answer["uptime_s"])
    console.print(f"codeassist {escape(answer['version'])} at [bold cyan]{escape(url)}[/]   up {since}")
    console.print(_head(answer))
    console.print()
    for line in _figures(answer):
        console.print(line)
    if answer["latency_ms"]:
        console.print()
        console.print(_latencies(answer["latency_ms"]))
    if answer["clients"]:
        console.print()
        console.print(_clients(answer["clients"]))


def _head(answer: dict[str, Any]) -> Table:
    grid = _grid()
    engine, index = answer["engine"], answer["index"]
    restarts = f", started again {engine['restarts']} times" if engine["restarts"] else ""
    grid.add_row("workspace", Text(answer["workspace"]))
    grid.add_row("engine", _state(engine["state"], f"{answer['model']}{restarts}", engine["message"]))
    size = f"{index['files']:,} files, {index['chunks']:,} chunks"
    grid.add_row("index", _state(index["state"], size, index["message"]))
    return grid


def _state(state: str, what: str, message: str) -> Text:
    text = Text.assemble((state, _STATE_STYLES.get(state, "yellow")), f"  {what}")
    if message and message not in what:
        text.append(f"  {message}", style="dim")
    return text


def _figures(answer: dict[str, Any]) -> list[Table]:
    grid = _grid()
    requests, tokens = answer["requests"], answer["tokens"]
    ended = [f"{requests[state]:,} {state}" for state in ("done", "left", "superseded", "failed") if requests[state]]
    now = f"{requests['running']} running, {requests['waiting']} of them waiting"
    grid.add_row("requests", Text(", ".join(ended) or "none yet") + Text(f"   now {now}", style="dim"))
    grid.add_row("tokens", Text(_tokens(tokens)))
    if answer["speculation"]:
        grid.add_row("drafted", Text(_drafted(answer["speculation"])))
    if answer["saved"]:
        cost = answer["saved"]["cost"]
        grid.add_row("saved", Text(f"{cost:,.{2 if cost >= 1 else 4}f} at the prices that you set"))
    editors = answer["completions"]["editors"]
    if editors and editors["shown"]:
        share = editors["accepted"] / editors["shown"]
        grid.add_row("editors", Text(f"{share:.0%} of {editors['shown']:,} suggestions accepted in 30 days"))
    if answer["shadow"]:
        grid.add_row("shadow", Text(_shadow(answer["shadow"])))
    return [grid]


def _tokens(tokens: dict[str, int]) -> str:
    prompt, cached = tokens["prompt_tokens"], tokens["cached_tokens"]
    share = f" ({cached / prompt:.0%} cached, {tokens['context_tokens'] / prompt:.0%} context)" if prompt else ""
    return f"{prompt:,} of prompts{share}, {tokens['completion_tokens']:,} of answers"


def _drafted(speculation: dict[str, Any]) -> str:
    drafted, drafts = speculation["drafted_tokens"], speculation["drafts"]
    if not drafted:
        return f"nothing yet ({speculation['method']})"
    kept = ", ".join(f"{n / max(drafts, 1):.0%}" for n in speculation["accepted_at"])
    share = speculation["accepted_tokens"] / drafted
    per_step = 1 + speculation["accepted_tokens"] / max(speculation["steps"], 1)
    return (
        f"{drafted:,} tokens by {speculation['method']}, {share:.0%} of them kept (1st on: {kept}); "
        f"{per_step:.2f} tokens per step"
    )


def _shadow(shadow: dict[str, Any]) -> str:
    counts = ", ".join(f"{shadow[name]:,} {name}" for name in ("compared", "failed", "dropped", "waiting"))
    return f"{shadow['share']:.0%} of the gaps also go to {shadow['where']}: {counts}"


def _latencies(stages: dict[str, dict[str, float]]) -> Table:
    table = _table("latency", "half within", "95 % within", "of")
    for stage, found in stages.items():
        times = (f"{found['p50']:,.0f} ms", f"{found['p95']:,.0f} ms", f"{found['n']:,}")
        table.add_row(Text(_STAGES.get(stage, stage)), *times)
    return table


def _clients(clients: list[dict[str, Any]]) -> Table:
    table = _table("who asks", "requests", "prompt", "cached", "answers", "last")
    for client in clients[:MAX_CLIENTS_SHOWN]:
        usage = client["usage"]
        tokens = (f"{usage[name]:,}" for name in ("prompt_tokens", "cached_tokens", "completion_tokens"))
        ago = f"{_span(time.time() - client['last'])} ago"
        table.add_row(Text(client["name"]), f"{client['requests']:,}", *tokens, ago)
    if len(clients) > MAX_CLIENTS_SHOWN:
        table.add_row(Text(f"and {len(clients) - MAX_CLIENTS_SHOWN} more", style="dim"))
    return table


def _grid() -> Table:
    grid = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    grid.add_column(style="dim")
    grid.add_column()
    return grid


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(first, style="cyan")
    for heading in others:
        table.add_column(heading, justify="right")
    return table


def _span(seconds: float) -> str:
    """A length of time in one unit that suits it."""
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
