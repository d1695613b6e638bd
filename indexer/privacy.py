"""Which documents no model may see, however they are asked about: secrets, and what the user has git or us ignore."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from indexer.ignore_files import IGNORE_FILE
from indexer.rules import EXCLUDED, SECRET, NameRules, Rules
from indexer.secret_rules import holds_secret, is_secret_name


@dataclass(slots=True)
class Privacy:
    """Answers for one workspace. What ignore files say of a path is asked once and kept until `forget`."""

    rules: Callable[[], Rules]
    is_ignored_by_git: Callable[[str], bool]
    _ignored: dict[str, str | None] = field(default_factory=dict)
    _names: NameRules | None = None

    def reason(self, path: str, text: str) -> str | None:
        """Why this document is withheld, or None."""
        if is_secret_name(path) or holds_secret(text):
            return SECRET
        if path not in self._ignored:
            self._ignored[path] = self._why_ignored(path)
        return self._ignored[path]

    def forget(self) -> None:
        """Ignore files may have changed."""
        self._ignored.clear()
        self._names = None

    def is_named(self, path: str) -> bool:
        """Whether an ignore file of ours or the settings name a file of an installed library; git ignores them all."""
        names = self._names = self._names or NameRules(self.rules())
        return names.is_ignored(path) or names.reason(path) == EXCLUDED

    def _why_ignored(self, path: str) -> str | None:
        if NameRules(self.rules()).is_ignored(path):
            return f"ignored by {IGNORE_FILE}"
        return "ignored by git" if self.is_ignored_by_git(path) else None
