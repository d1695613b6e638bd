"""Whether to ask the model at all, and whether to show what it said. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from codeassist.types import Token
from indexer.syntax_places import Prose

# Right of the cursor, only what an editor closes by itself or a statement's end may stand for an unasked suggestion.
_ONLY_CLOSERS = re.compile(r"""^[\s)\]}>;:,'"`]*$""")
_WORD = re.compile(r"\w")
# Ends of lines that are not finished: an operator, a comma, an opening bracket, a dot, a word that wants more.
_UNFINISHED = re.compile(
    r"(?:[-+*/%=<>&|^~,.(\[{:?!\\]|\b(?:and|or|not|in|is|if|else|return|await|new|lambda|import|from|as|with|for|while))\s*$"
)
# From here on a suggestion in a comment is as often right as one in code, or in a string, from the model's own gate on.
_LEAST_IN_COMMENT = 0.25
_OPENERS, _CLOSERS = "([{", ")]}"


def skip_reason(left: str, right: str) -> str | None:
    """Why an unasked suggestion would disturb here, or None. left, right: the cursor's line on both sides."""
    if right and _WORD.match(right) and left and _WORD.search(left[-1]):
        return "the cursor is inside of a word"
    if not _ONLY_CLOSERS.match(right):
        return "there is code right of the cursor"
    return None


def least_confidence(gate: float, prose: Prose) -> float:
    """The confidence that an unasked suggestion needs at a place. gate: in code; 0 shows everything everywhere."""
    return max(gate, _LEAST_IN_COMMENT) if gate > 0 and prose == "comment" else gate


def low_confidence(confidence: float | None, least: float) -> str | None:
    """Why a suggestion is too uncertain to be shown unasked, or None."""
    if confidence is None or confidence >= least:
        return None
    return f"low confidence ({confidence:.2f} < {least:.2f})"


def after_accepting(left: str, text: str) -> str | None:
    """Why a suggestion would disturb behind one that was accepted a moment ago, or None.

    left: the line up to the cursor, the accepted text included. A line that is finished is not gone on with; a new one
    may begin.
    """
    if not text or text.startswith("\n") or _UNFINISHED.search(left):
        return None
    n_open = sum((character in _OPENERS) - (character in _CLOSERS) for character in left)
    return "the line was just accepted as it is" if n_open <= 0 else None


def line_probability(tokens: Sequence[Token], start: int, end: int) -> float | None:
    """Probability (0 to 1) of the characters start..end of the answer; None without log-probabilities.

    Every token that reaches into the stretch counts whole.
    """
    total, position, n_counted = 0.0, 0, 0
    for token in tokens:
        begin, position = position, position + len(token.text)
        if position > start and begin < end:
            total += token.logprob
            n_counted += 1
    return math.exp(total) if n_counted else None


def confidence_in(tokens: Sequence[Token], start: int, text: str) -> float | None:
    """Probability of the first line of a text that stands at `start` in the answer; None when it has none."""
    first_line = text.lstrip("\n").partition("\n")[0]
    n_first = len(text) - len(text.lstrip("\n")) + len(first_line)
    return line_probability(tokens, start, start + n_first) if n_first else None
