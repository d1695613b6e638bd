"""Reading what a client sends where the protocol knows no type: a dictionary, or the tuples that pygls makes of one."""

from __future__ import annotations

import math
from typing import Any


def part(whole: Any, name: str) -> Any:
    """A member of an object that may be anything; None where there is none."""
    return whole.get(name) if isinstance(whole, dict) else getattr(whole, name, None)


def text_in(whole: Any, *names: str) -> str | None:
    """The text at the end of a path of members, None when there is none."""
    for name in names:
        whole = part(whole, name)
    return whole if isinstance(whole, str) else None


def number_in(whole: Any, name: str) -> float | None:
    """A finite number of an object; true is none."""
    value = part(whole, name)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and math.isfinite(value) else None


def flag_in(whole: Any, name: str) -> bool | None:
    """True or false of an object."""
    value = part(whole, name)
    return value if isinstance(value, bool) else None
