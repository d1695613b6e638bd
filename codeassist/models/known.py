"""Published models by the names that settings call them."""

from __future__ import annotations

from codeassist.models.known_deepseek import DEEPSEEK
from codeassist.models.known_dense import DENSE
from codeassist.models.published import KnownModel

__all__ = ["KNOWN", "KnownModel", "find_known"]

KNOWN: tuple[KnownModel, ...] = (*DEEPSEEK, *DENSE)

_BY_NAME = {model.name: model for model in KNOWN} | {model.hub_id.lower(): model for model in KNOWN}


def find_known(name: str) -> KnownModel | None:
    """The model of a name, or of the id that the hub has for it, however it is capitalised; None for another."""
    return _BY_NAME.get(name.lower())
