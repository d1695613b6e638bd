"""Text for a terminal: what others chose, as names of files are, can neither move its cursor nor rename its window."""

from __future__ import annotations

import re

# Control characters but tab and line end, and what turns the direction of writing.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """The text with such characters spelled as Python does."""
    return _UNPRINTABLE.sub(lambda found: repr(found[0])[1:-1], text)


def printable_name(name: str) -> str:
    """The same of a name, which is on one line."""
    return printable(name).replace("\n", "\\n").replace("\t", "\\t")
