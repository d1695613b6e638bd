"""A chat model's answer -> the code in it, fitted to the place where it goes. Pure."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from codeassist.errors import AnswerUnusable

_THOUGHT = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
_OPENING = re.compile(r"^ {0,3}(`{3,}+|~{3,}+)[^`]*$")
_BLOCK_ENDS = (":", "{", "(", "[", "=>", "then", "do", "else")
# How far one step goes in where a model writes spaces and the file has tabs.
_STEPS = (4, 2)


def code_block(answer: str) -> str:
    """The one fenced code block of an answer. Raises AnswerUnusable for none, several, or one that does not end."""
    blocks = _fenced(_THOUGHT.sub("", answer).replace("\r\n", "\n").replace("\r", "\n"))
    if not blocks:
        raise AnswerUnusable("the chat model answered without a code block; nothing was changed")
    if len(blocks) > 1:
        raise AnswerUnusable(f"the chat model answered with {len(blocks)} code blocks, not one; nothing was changed")
    code = blocks[0].strip("\n")
    if not code.strip():
        raise AnswerUnusable("the chat model answered with an empty code block; nothing was changed")
    return code


def fitted(code: str, around: Sequence[str]) -> list[str]:
    """Ways to indent code so that it stands where these lines stood, the likeliest first."""
    lines = [line.rstrip() for line in code.split("\n")]
    if _uses_tabs(around):
        lines = _with_tabs(lines)
    margin = _margin(around)
    whole = textwrap.indent(textwrap.dedent("\n".join(lines)), margin)
    ways = [whole, *_first_line_apart(lines, margin), "\n".join(lines)]
    if lines[0][:1].strip() and len(lines) > 1 and _margin(lines[1:]) and not lines[0].endswith(_BLOCK_ENDS):
        ways.insert(0, ways.pop(1))  # The first line lost its indentation, the others kept theirs.
    return list(dict.fromkeys(ways))


def _first_line_apart(lines: Sequence[str], margin: str) -> list[str]:
    """The first line at the margin, the others dedented by themselves."""
    if len(lines) < 2:
        return []
    rest = textwrap.indent(textwrap.dedent("\n".join(lines[1:])), margin)
    return [f"{margin}{lines[0].lstrip()}\n{rest}"]


def _fenced(text: str) -> list[str]:
    """The contents of the fenced blocks. Raises AnswerUnusable for one that is not closed."""
    blocks: list[str] = []
    fence, begun = "", list[str]()
    for line in text.split("\n"):
        if not fence:
            match = _OPENING.match(line)
            fence, begun = (match[1], []) if match else ("", [])
        elif line.strip() and set(line.strip()) == {fence[0]} and len(line.strip()) >= len(fence):
            blocks.append("\n".join(begun))
            fence = ""
        else:
            begun.append(line)
    if fence:
        raise AnswerUnusable("the chat model's code block does not end; nothing was changed")
    return blocks


def _margin(lines: Sequence[str]) -> str:
    """The white space that all lines begin with."""
    margins = [line[: len(line) - len(line.lstrip())] for line in lines if line.strip()]
    shortest = min(margins, key=len, default="")
    return shortest if all(margin.startswith(shortest) for margin in margins) else ""


def _uses_tabs(lines: Sequence[str]) -> bool:
    return any(line.startswith("\t") for line in lines) and not any(line.startswith("  ") for line in lines)


def _with_tabs(lines: Sequence[str]) -> list[str]:
    """The lines with tabs for steps of spaces; as they are where the steps are uneven."""
    widths = [len(line) - len(line.lstrip(" ")) for line in lines if line.strip()]
    step = next((step for step in _STEPS if all(width % step == 0 for width in widths)), 0)
    if not step:
        return list(lines)
    return ["\t" * ((len(line) - len(bare := line.lstrip(" "))) // step) + bare for line in lines]
