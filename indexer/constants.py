"""Ruby's constants -> the files that they are loaded from: `Shop::CartItem` stands in `shop/cart_item.rb`."""

from __future__ import annotations

import posixpath
import re

from indexer.asker import nearest
from indexer.repository_map import RepositoryMap

MAX_FILES = 40

_BEFORE_WORD = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def constant_paths(repository: RepositoryMap, name: str, path: str) -> list[str]:
    """Files that are called as a constant, nearest to the asking file first, those inside of it above all.

    name: with the modules around it, as far as they are known (`Shop::CartItem`).
    """
    tail = "/".join(map(file_stem, name.split("::")))
    paths = repository.paths_ending(f"{tail}.rb", MAX_FILES)
    own = posixpath.splitext(path)[0]
    inside = [one for one in paths if posixpath.dirname(one) == own]
    return [*inside, *nearest((one for one in paths if one not in inside), path)]


def file_stem(name: str) -> str:
    """How the file of a constant is called: `HTMLPage` is `html_page`."""
    return _BEFORE_WORD.sub("_", name).lower()
