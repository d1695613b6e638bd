"""Code of other files that clients put in front of a prefix, in comments or between marks of their own. Pure.

Continue, for models whose prompts have no place for other files; all but the prefix is comments there, other clients
leave code bare; a difference of git has no path:

    # Path: util/shapes.py
    # class Circle:
    # app/main.py
    the prefix

Continue for Codestral, as its model card has it:

    +++++ util/shapes.py
    class Circle:

    +++++ app/main.py
    [PREFIX]the prefix

minuet:

    # language: python
    # indentation: use 4 spaces for a tab
    the prefix
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from codeassist.documents import comment_leader, language_of
from codeassist.types import Snippet

# No client sends as many; whoever does has sent something else.
MAX_SNIPPETS = 256
_MOST_LINES = 20_000

_LEADERS = ("#", "//", "--", ";", "%")
# Kinds of files that a comment of their name alone is believed of, beside those whose language is known.
_MORE_SUFFIXES = """
astro clj conf css dart elm erl ex exs fs graphql groovy hs html ini jl less lisp ml nix pl proto ps1 r sass scss sol
sql svelte tf txt vim vue xml zig
"""
_KNOWN_SUFFIXES = frozenset(_MORE_SUFFIXES.split())
_NO_PATH = re.compile(r"[\x00-\x1f<>|*?\"'`(){};=,]")
_MAX_PATH = 260
_BLOCK = re.compile(r"^\+{5} (.*)$", re.MULTILINE)
_BLOCK_PREFIX = re.compile(r"\n?(?:\n\[PREFIX\]\n|\[PREFIX\])?")
_DIFFERENCE = "diff --git "
_MINUET = re.compile(
    r"(?P<open>\S{1,4}) language: (?P<language>[\w.+-]{1,40})(?: \S{1,3})?\n(?P=open) indentation: [^\n]{0,80}\n"
)


@dataclass(frozen=True, slots=True)
class Sorted:
    """A prefix and what stood in front of it. path, language: of the text itself, "" where nothing is said."""

    prefix: str
    path: str = ""
    language: str = ""
    snippets: tuple[Snippet, ...] = ()


def sort_out(prefix: str) -> Sorted:
    """The prefix without what a client has put in front of it; what is of no known form stays where it is."""
    found = _between_marks(prefix) or _in_comments(prefix) or _with_language(prefix)
    return found or Sorted(prefix)


def is_path(text: str) -> bool:
    """Whether a line that stands where a path is expected is one."""
    name = text.rpartition("/")[2]
    return 0 < len(text) <= _MAX_PATH and not _NO_PATH.search(text) and (len(name) < len(text) or "." in name)


def snippets_of(blocks: list[tuple[str, str]]) -> tuple[Snippet, ...]:
    """Paths and texts as snippets; without line ends around them, and without those that are empty."""
    made = (Snippet(path, text.strip("\n")) for path, text in blocks)
    return tuple(snippet for snippet in made if snippet.text.strip())


def _between_marks(prefix: str) -> Sorted | None:
    if not prefix.startswith(("+++++ ", _DIFFERENCE)):
        return None
    found = [match for match in islice(_BLOCK.finditer(prefix), MAX_SNIPPETS + 1) if is_path(match[1].strip())]
    if not 0 < len(found) <= MAX_SNIPPETS:
        return None
    ends = [match.start() for match in found]
    blocks = [("", prefix[: ends[0]])]
    blocks += [(match[1].strip(), prefix[match.end() : end]) for match, end in zip(found, ends[1:], strict=False)]
    opened = _BLOCK_PREFIX.match(prefix, found[-1].end())
    rest = prefix[opened.end() if opened else found[-1].end() :]
    path = found[-1][1].strip()
    return Sorted(rest, path, language_of(path), snippets_of(blocks))


def _in_comments(prefix: str) -> Sorted | None:
    """All lines up to the one that names the file itself; where none does, nothing says where the snippets end."""
    start = len(prefix) - len(prefix.removeprefix("\n"))
    leader = prefix[start : start + 3].partition(" ")[0]
    if leader not in _LEADERS or not prefix.startswith(f"{leader} ", start):
        return None
    blocks: list[tuple[str, list[str]]] = []
    for line, end in islice(_lines(prefix, start), _MOST_LINES):
        said = line[len(leader) + 1 :] if line.startswith(f"{leader} ") else ""
        if said.startswith("Path: ") and len(blocks) < MAX_SNIPPETS:
            blocks.append((said.removeprefix("Path: ").strip(), []))
        elif said.startswith(_DIFFERENCE):
            blocks.append(("", [line]))
        elif _names_file(said, leader) and (blocks or start):
            bodies = [(path, _without_leaders(lines, leader)) for path, lines in blocks]
            return Sorted(prefix[end:], said, language_of(said), snippets_of(bodies))
        elif not blocks or not _goes_on(line, blocks[-1][1], leader):
            return None
        else:
            blocks[-1][1].append(line)
    return None


def _goes_on(line: str, so_far: list[str], leader: str) -> bool:
    """Whether a line may belong to a snippet: one that began as comments has nothing else in it."""
    return line.startswith(leader) or not so_far or not so_far[0].startswith(leader)


def _without_leaders(lines: list[str], leader: str) -> str:
    if all(line.startswith(leader) for line in lines):
        lines = [line[len(leader) :].removeprefix(" ") for line in lines]
    return "\n".join(lines)


def _names_file(said: str, leader: str) -> bool:
    """Whether a comment is nothing but the path of a file in whose language it is a comment.

    Continue writes `//` in all languages that it does not know.
    """
    if " " in said or not is_path(said):
        return False
    is_known = bool(language_of(said)) or said.rpartition(".")[2].lower() in _KNOWN_SUFFIXES
    return is_known and leader in ("//", comment_leader(said))


def _with_language(prefix: str) -> Sorted | None:
    match = _MINUET.match(prefix)
    return Sorted(prefix[match.end() :], language=match["language"]) if match else None


def _lines(text: str, start: int) -> Iterator[tuple[str, int]]:
    """Each line that has an end, and where the next one begins."""
    while (end := text.find("\n", start)) >= 0:
        yield text[start:end], end + 1
        start = end + 1
