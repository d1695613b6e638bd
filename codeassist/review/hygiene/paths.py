"""What the place of a file says of how much its content matters."""

from __future__ import annotations

import re

from indexer.ranking import is_test_path
from indexer.rules import reason_by_name

_MADE = frozenset({"generated", "third-party code", "in a cache folder"})
_SHOWN = re.compile(
    r"(?:^|/)(?:docs?|documentation|examples?|samples?|demos?|tutorials?|cookbook|e2e|mocks?|testing|test[-_]?data"
    r"|snapshots?|cassettes?|i18n|locales?)(?:/|$)"
    r"|(?:^|[/._-])(?:examples?|samples?|templates?|mocks?|fixtures?|tests?|demo)[._-][^/]*$"
    r"|\.(?:md|mdx|rst|adoc|ipynb|po|pot|example|sample|template|dist|pub)$"
    r"|(?:^|/)(?:conftest\.py|CHANGE[^/]*|HISTORY[^/]*|NEWS[^/]*|README[^/]*)$",
    re.IGNORECASE,
)
_SCRIPT = re.compile(
    r"(?:^|/)(?:bin|scripts?|tools?|build|tasks|cli|benchmarks?)/|\.config\.[cm]?[jt]s$|(?:^|/)[^/]*file\.js$"
)


def is_made(path: str) -> bool:
    """Whether nobody wrote the file by hand: lock files, generated and third-party code."""
    return reason_by_name(path) in _MADE


def is_shown(path: str) -> bool:
    """Whether the file is there to test or to show something: a test, documentation, an example, a template."""
    return is_test_path(path) or _SHOWN.search(path) is not None


def is_script(path: str) -> bool:
    """Whether a person runs the file and reads what it prints."""
    return is_shown(path) or _SCRIPT.search(path) is not None
