"""Published models by the names that settings call them."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from codeassist.models.known_deepseek import DEEPSEEK
from codeassist.models.known_dense import DENSE
from codeassist.models.published import KnownModel

__all__ = ["KNOWN", "KnownModel", "find_known", "guesses"]

KNOWN: tuple[KnownModel, ...] = (*DEEPSEEK, *DENSE)

_BY_NAME = {model.name: model for model in KNOWN} | {model.hub_id.lower(): model for model in KNOWN}


def find_known(name: str) -> KnownModel | None:
    """The model of a name, or of the id that the hub has for it, however it is capitalised; None for another."""
    return _BY_NAME.get(name.lower())


def guesses(name: str, others: Sequence[str] = ()) -> str:
    """What a wrong name may have been meant for, as a question that ends in a space; "" where nothing is like it.
    others: names that count besides the known ones."""
    near = difflib.get_close_matches(name.lower(), [*others, *(model.name for model in KNOWN)], n=3, cutoff=0.6)
    return f"did you mean {' or '.join(near)}? " if near else ""
