"""What has to be done to bring the index up to the tree: a pure difference of two {path: blob id}."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UpdatePlan:
    """Paths to read again (new or changed) and paths to forget, both sorted."""

    changed: tuple[str, ...]
    removed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.changed or self.removed)


def plan_update(indexed: Mapping[str, str], tree: Mapping[str, str]) -> UpdatePlan:
    """The difference between what is indexed and what is there."""
    changed = sorted(path for path, blob in tree.items() if indexed.get(path) != blob)
    removed = sorted(path for path in indexed if path not in tree)
    return UpdatePlan(tuple(changed), tuple(removed))
