"""Which document a client's text is a window of, and where in it: the file that the index has, with what the client
sent of it before; else what the client sent before; else the text alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from codeassist.documents import language_of
from codeassist.gap_document import Spliced, alone, goes_on, splice
from codeassist.gap_memory import GapMemory, Remembered, key_of_path, key_of_text
from codeassist.gap_text import GapText, named_path
from codeassist.types import Document
from indexer.line_votes import Hints
from indexer.locating import Located

Locate = Callable[[Sequence[str], Hints], Located]
Withheld = Callable[[str, str], str | None]

# What a file is called that is known by its language alone.
_UNNAMED = "untitled"


def _finds_nothing(_part: Sequence[str], _hints: Hints) -> Located:
    return Located(reason="there is no index")


def _withholds_nothing(_path: str, _text: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Repository:
    """What is known of the files of a workspace. root: its folder. adds_context: whether the user wants any. All are
    called in threads."""

    root: str = ""
    locate: Locate = _finds_nothing
    withheld: Withheld = _withholds_nothing
    adds_context: Callable[[], bool] = bool


@dataclass(frozen=True, slots=True)
class Found:
    """A document that a text is a window of. key: tells it from those of other clients. path: of the indexed file, ""
    for none. reason: why there is none. withheld: why no code may be added to it, "" where it may."""

    document: Document
    spliced: Spliced
    key: str
    path: str = ""
    reason: str = ""
    withheld: str = ""


class Whereabouts:
    """Finds documents, and remembers them by client. May be used from any thread."""

    def __init__(self, repository: Repository, memory: GapMemory | None = None) -> None:
        self._repository = repository
        self._memory = memory or GapMemory()

    def find(self, gap: GapText, client: str, named: str) -> Found:
        """The document of a text. named: its path as the client says."""
        named = named_path(named, self._repository.root)
        last = self._memory.last(client)
        located = self._repository.locate(gap.lines, Hints(named, last.path if last else ""))
        before = self._before(gap, client, located)
        path = located.path or (before.path if before else "")
        version = located.version or (before.version if before else "")
        key = before.key if before else key_of_path(client, path) if path else key_of_text(client, gap.prefix)
        file = before.lines if before else (*located.lines, "") if located.is_whole else ()
        spliced = splice(gap, file) if file else alone(gap)
        text = "\n".join(spliced.lines)
        name = path or named or _called(gap.ending or located.ending)
        withheld = self._why_withheld((path, named), text)
        # llama.vim warms the cache up with its chunks alone: there its user edits nothing.
        if not withheld and text.strip():
            self._memory.put(Remembered(key, client, path, version, spliced.lines))
        document = Document(name, text, language=language_of(name))
        return Found(document, spliced, key, path, "" if path else located.reason, withheld)

    def _why_withheld(self, names: Iterable[str], text: str) -> str:
        """Why no code may be added: of the file that was found, and of that which the client names. "" where it may."""
        whys = (self._repository.withheld(name, text) for name in dict.fromkeys(names) if name)
        return next((why for why in whys if why), "")

    def _before(self, gap: GapText, client: str, located: Located) -> Remembered | None:
        """What the client sent of this document before, as long as the file is what it was then."""
        if located.path:
            before = self._memory.get(key_of_path(client, located.path))
            is_current = before is not None and before.version == located.version
            return before if before is not None and is_current and goes_on(gap, before.lines) else None
        return self._memory.find(client, partial(_goes_on_in, gap))


def _goes_on_in(gap: GapText, before: Remembered) -> bool:
    return goes_on(gap, before.lines)


def _called(ending: str) -> str:
    return f"{_UNNAMED}{ending}" if ending else ""
