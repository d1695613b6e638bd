"""What a file tells ruff or flake8 of bandit's checks: they know them by the same numbers, as S608 for B608. Pure.

Source: ruff's documentation, "Error suppression"; flake8-bandit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_CODES = r"[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*"
_LINE = re.compile(rf"#\s*noqa(?:\s*:\s*(?P<codes>{_CODES})|(?!\s*:|\w))", re.IGNORECASE)
_FILE = re.compile(
    rf"^\s*#\s*(?:ruff|flake8)\s*:\s*noqa(?:\s*:\s*(?P<codes>{_CODES})|\s*$)", re.IGNORECASE | re.MULTILINE
)
# Of two that say the same, ruff has one.
_ALSO = {"B703": "B308"}


def is_excused(check: str, lines: Iterable[str], text: str) -> bool:
    """Whether one of the lines, or the whole file, is to be spared a check of bandit."""
    wanted = {f"S{one[1:]}" for one in (check, _ALSO.get(check, check))}
    found = [match for line in lines for match in _LINE.finditer(line)]
    found += _FILE.finditer(text) if "noqa" in text else ()
    return any(match["codes"] is None or wanted & set(_split(match["codes"])) for match in found)


def _split(codes: str) -> Sequence[str]:
    return re.split(r"[,\s]+", codes.upper())
