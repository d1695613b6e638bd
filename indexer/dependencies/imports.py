"""Imports that may mean libraries, and the names that they bind. Pure."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from indexer.types import Import

_GO_VERSION = re.compile(r"[./]v\d+$")
# Rust's own crates, and what stands for the asking one.
_OWN_CRATES = frozenset({"std", "core", "alloc", "crate", "self", "super"})


def may_be_library(item: Import, family: str) -> bool:
    """Whether an import may mean something that is installed, rather than a file beside it or a language's own."""
    if family == "python":
        return not item.module.startswith(".") and item.module.partition(".")[0] not in sys.stdlib_module_names
    if family == "javascript":
        return not item.module.startswith((".", "/", "node:", "#", "~/"))
    if family == "go":
        return "." in item.module.partition("/")[0] and not item.module.startswith(".")
    return family == "rust" and item.module.partition("::")[0] not in _OWN_CRATES


def bound_names(item: Import, family: str) -> Iterator[str]:
    """The names by which a file may speak of what it imports."""
    yield item.alias
    if family == "go" and item.alias in re.split(r"[./]", item.module):  # No alias, and no package need have that name.
        last = _GO_VERSION.sub("", item.module).rpartition("/")[2]
        yield from (last, last.removeprefix("go-"), last.removesuffix("-go"), last.replace("-", ""))


def module_of(item: Import) -> str:
    """The module that the bound name or what is imported by name belongs to: `import a.b` binds `a`."""
    is_head = item.name == "" and item.module.startswith(f"{item.alias}.")
    return item.alias if is_head else item.module
