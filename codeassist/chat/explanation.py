"""What is told of a suggestion: where it came from, and what a chat model said of it. Pure."""

from __future__ import annotations

from codeassist.types import Outcome

# A message box holds a few lines.
MAX_SOURCES_TOLD = 3
MAX_SAID = 600


def explanation_page(outcome: Outcome, said: str) -> str:
    """A page of Markdown."""
    parts = [
        f"# The last suggestion in {outcome.path}, line {outcome.line + 1}",
        _what(outcome),
        said,
        _origin(outcome),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def explanation_text(outcome: Outcome, said: str) -> str:
    """A few lines for a message box."""
    paths = [f"{source.path}:{source.start_line}" for source in outcome.sources[:MAX_SOURCES_TOLD]]
    n_more = len(outcome.sources) - len(paths)
    sources = f"from {', '.join(paths)}{f' and {n_more} more' if n_more else ''}" if paths else "from this file alone"
    head = f"codeassist: {outcome.path}:{outcome.line + 1}, {sources}; {_confidence(outcome)}; {_total(outcome)}"
    reason = f"\nNothing was suggested: {outcome.drop_reason}" if outcome.drop_reason else ""
    return f"{head}{reason}" + (f"\n{said[:MAX_SAID]}" if said else "")


def _what(outcome: Outcome) -> str:
    if not outcome.text:
        return f"Nothing was suggested: {outcome.drop_reason or 'there was nothing to say'}."
    fence = "```"
    while fence in outcome.text:
        fence += "`"
    return f"{fence}\n{outcome.text}\n{fence}"


def _origin(outcome: Outcome) -> str:
    rows = [
        f"- `{source.path}`, lines {source.start_line} to {source.end_line}: {source.why}" for source in outcome.sources
    ]
    sources = "\n".join(rows) or "- nothing but the text around the cursor"
    stages = ", ".join(f"{stage.replace('_', ' ')} {ms:.0f} ms" for stage, ms in outcome.ms.items())
    return (
        f"## Where it came from\n\n{sources}\n\n- {_confidence(outcome)}\n- {stages or 'no times are known'}\n"
        f"- the log calls it `{outcome.id}`"
    )


def _confidence(outcome: Outcome) -> str:
    if outcome.confidence is None:
        return "confidence unknown"
    return f"confidence {outcome.confidence:.2f} (the probability of its first line)"


def _total(outcome: Outcome) -> str:
    return f"{outcome.ms['total']:.0f} ms" if "total" in outcome.ms else "time unknown"
