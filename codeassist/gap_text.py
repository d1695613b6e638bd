"""What a client sends, read: a text with LF line ends, what its client says of its language, and paths. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from codeassist.types import FimRequest
from indexer.languages import LANGUAGES, PLAIN_NAMES
from indexer.records import can_hold
from indexer.rules import leaves_root

# No prompt shows more; what is further from the gap is left out.
MAX_SIDE_CHARS = 400_000
_MAX_PATH_CHARS = 1000
_MAX_NAME_BYTES = 200
# Of a path that lies elsewhere, so much of its end tells what it is.
_PARTS_ELSEWHERE = 3

_ALIASES = {"cs": ".cs", "sh": ".sh", "typescriptreact": ".tsx", "javascriptreact": ".jsx", "objc": ".m", "make": ".mk"}
_ENDINGS = {
    **{name: ending for ending, name in PLAIN_NAMES.items()},
    **{language.name: language.suffixes[0] for language in LANGUAGES},
    **_ALIASES,
}


@dataclass(frozen=True, slots=True)
class GapText:
    """A text with a gap. ending: how the names of files in its language end (".py"), "" when nobody says."""

    prefix: str
    suffix: str
    ending: str = ""

    @property
    def lines(self) -> list[str]:
        """The whole text by lines, without line ends."""
        return (self.prefix + self.suffix).split("\n")

    @property
    def row(self) -> int:
        """0-based line of the gap."""
        return self.prefix.count("\n")

    @property
    def left(self) -> str:
        """The gap's line, up to the gap."""
        return self.prefix[self.prefix.rfind("\n") + 1 :]


def read_gap(asked: FimRequest) -> GapText:
    """The text of a request; what no tokenizer takes (half a surrogate pair) is replaced."""
    prefix, suffix = _valid(asked.prefix[-MAX_SIDE_CHARS:]), _valid(asked.suffix[:MAX_SIDE_CHARS])
    if prefix.endswith("\r") and suffix.startswith("\n"):
        prefix = prefix[:-1]
    prefix, suffix = with_line_feeds(prefix.removeprefix("\ufeff")), with_line_feeds(suffix)
    return GapText(prefix, suffix, _ENDINGS.get(asked.language.lower(), ""))


def with_line_feeds(text: str) -> str:
    """The text with LF line ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _valid(text: str) -> str:
    if can_hold(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def named_path(named: str, root: str) -> str:
    """A client's path as the workspace knows it: relative to its root, else a few parts of its end; "" for none.

    It may be absolute, of another system, or a URI. Nothing is looked up on disk.
    """
    path = "".join(character for character in _valid(named[-_MAX_PATH_CHARS:]) if character.isprintable())
    path = re.sub(r"^file:/*(?=/)", "", path.replace("\\", "/"))
    inside = path.removeprefix(f"{root}/")
    parts = [part for part in inside.split("/") if part not in ("", ".")]
    is_elsewhere = inside.startswith("/") or re.match(r"[A-Za-z]:/", inside) is not None or ".." in parts
    parts = [part for part in parts if part != ".."][-_PARTS_ELSEWHERE:] if is_elsewhere else parts
    shown = "/".join(parts)
    return "" if leaves_root(shown) or any(len(part.encode()) > _MAX_NAME_BYTES for part in parts) else shown
