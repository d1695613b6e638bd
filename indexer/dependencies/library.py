"""What installed libraries offer: answers that are known at once, and a thread that finds the others out.

Asking never touches the disk. What is not known is queued, what was asked last comes first, and the next one who asks
has it. Answers are looked at again after a while, because packages are installed and updated while an editor runs.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.dependencies.answers import answer
from indexer.dependencies.environments import find_scope
from indexer.dependencies.parser import Parser
from indexer.dependencies.reading import Reader
from indexer.dependencies.store import LibraryStore
from indexer.dependencies.types import Installed, Scope, Wanted
from indexer.types import Hit, library_location

logger = logging.getLogger(__name__)

MAX_QUEUED = 2000
MAX_ANSWERS = 8000
MAX_SCOPES = 200
# Answers, and where libraries are, are looked at again when they are asked for after so long.
FRESH_SECONDS = 60.0
# An idle parser holds memory for nothing; another one is started when it is needed.
IDLE_SECONDS = 20.0
CLOSE_SECONDS = 5.0
# After a question nothing is done for so long: the keystroke that asks should have the interpreter for itself.
PAUSE_SECONDS = 0.05
_NICENESS = 10

_Folder = tuple[str, str]
_Question = Wanted | _Folder
_Value = tuple[Hit, ...] | Scope | None


@dataclass(frozen=True, slots=True)
class _Known:
    """What a question was answered with, and when."""

    value: _Value
    at: float


class DependencyLibrary:
    """The libraries of one workspace. Every method may be called from any thread, and none raises."""

    def __init__(
        self,
        workspace: Path,
        installed: Installed,
        is_withheld: Callable[[str], bool],
        *,
        parser: Parser | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """is_withheld: whether no model may see a file of the workspace with this path."""
        self._workspace = workspace
        self._installed = installed
        self._is_withheld = is_withheld
        self._clock = clock
        self._parser = parser or Parser()
        self._store = LibraryStore(Path(installed.store) if installed.store else None)
        self._reader = Reader(self._store, self._parser, self._is_withheld_at)
        self._answers: OrderedDict[_Question, _Known] = OrderedDict()
        self._queue: OrderedDict[_Question, None] = OrderedDict()
        self._scopes: list[Scope] = []
        self._prepared: dict[_Folder, Sequence[tuple[str, tuple[str, ...]]]] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._asked_at = 0.0
        self._is_busy = False
        self._is_closed = False

    def scope(self, family: str, folder: str) -> Scope | None:
        """Where the files of a folder import libraries from; None while that is not known, and where there are none."""
        known = self._known((family, folder))
        return known if isinstance(known, Scope) and (known.roots or known.packages) else None

    def prepare(self, family: str, folder: str, chains: Sequence[tuple[str, tuple[str, ...]]]) -> None:
        """Find out about all of these (module, names) for the files of a folder, once it is known where to look."""
        scope = self.scope(family, folder)
        if scope is not None:
            for module, names in chains:
                self.find(Wanted(scope, module, names))
        elif (family, folder) not in self._answers:
            self._prepared[family, folder] = chains

    def find(self, wanted: Wanted) -> tuple[Hit, ...]:
        """What is known of an answer, best first."""
        known = self._known(wanted)
        return known if isinstance(known, tuple) else ()

    def versions(self, paths: Iterable[str]) -> dict[str, str]:
        """For those files of libraries that can be read a word that changes with what is in them."""
        seen = {path: self._reader.version(path) for path in paths}
        return {path: version for path, version in seen.items() if version is not None}

    def wait(self, seconds: float) -> bool:
        """Wait until nothing is queued; whether that came about in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._is_closed or not (self._queue or self._is_busy), seconds)

    def close(self) -> None:
        """End the thread and its process; safe to call twice."""
        with self._changed:
            self._is_closed = True
            self._queue.clear()
            self._changed.notify_all()
            thread = self._thread
        self._parser.close()
        if thread is not None and thread is not threading.current_thread():
            thread.join(CLOSE_SECONDS)

    def _known(self, question: _Question) -> _Value:
        known = self._answers.get(question)
        if known is None or self._clock() - known.at > FRESH_SECONDS:
            self._ask(question)
        return known.value if known is not None else None

    def _ask(self, question: _Question) -> None:
        with self._changed:
            if self._is_closed:
                return
            self._asked_at = time.monotonic()
            self._queue[question] = None
            self._queue.move_to_end(question)
            if len(self._queue) > MAX_QUEUED:
                self._queue.popitem(last=False)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="libraries", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def _work(self) -> None:
        """Answer what is queued until this is closed."""
        _be_nice()
        try:
            while (question := self._next()) is not None:
                self._answer(question)
        finally:
            self._parser.stop()
            self._store.close()
            with self._changed:  # Whoever asks next starts another thread.
                self._thread, self._is_busy = None, False
                self._changed.notify_all()

    def _next(self) -> _Question | None:
        """The question that was asked last; None when this is closed."""
        with self._changed:
            self._is_busy = False
            self._changed.notify_all()
            if not self._changed.wait_for(lambda: self._queue or self._is_closed, IDLE_SECONDS):
                self._parser.stop()
                self._changed.wait_for(lambda: self._queue or self._is_closed)
            while not self._is_closed and (pause := self._asked_at + PAUSE_SECONDS - time.monotonic()) > 0:
                self._changed.wait(pause)
            if self._is_closed:
                return None
            self._is_busy = True
            return self._queue.popitem()[0]

    def _answer(self, question: _Question) -> None:
        before = self._answers.get(question)
        value: _Value = None
        try:
            value = self._hits(question, before) if isinstance(question, Wanted) else self._scope_of(question)
        except (OSError, ValueError, RecursionError, MemoryError) as error:
            logger.info("no answer about a library to %s: %s", question, error)
        finally:
            self._answers[question] = _Known(value, self._clock())
            self._answers.move_to_end(question)
            if len(self._answers) > MAX_ANSWERS:
                self._answers.popitem(last=False)

    def _hits(self, wanted: Wanted, before: _Known | None) -> tuple[Hit, ...]:
        for hit in before.value if before is not None and isinstance(before.value, tuple) else ():
            self._reader.look_again(hit.path)
        self._reader.next_question()
        return answer(wanted, self._reader.read)

    def _scope_of(self, folder: _Folder) -> Scope | None:
        scope = self._one_of_a_kind(find_scope(self._workspace, *folder, self._installed))
        prepared = self._prepared.pop(folder, ())
        if scope is not None and (scope.roots or scope.packages):
            for module, names in prepared:
                self._ask(Wanted(scope, module, names))
        return scope

    def _one_of_a_kind(self, scope: Scope | None) -> Scope | None:
        """The scope that was found before when it says the same, so that what was asked of it stays known."""
        known = next((other for other in self._scopes if scope is not None and other.is_like(scope)), None)
        if known is None and scope is not None:
            self._scopes = [scope, *self._scopes][:MAX_SCOPES]
        return known or scope

    def _is_withheld_at(self, path: str) -> bool:
        """Whether a file is one of the workspace's that ignore files or settings name."""
        with contextlib.suppress(ValueError):
            return self._is_withheld(Path(path).relative_to(self._workspace).as_posix())
        return False


def in_libraries(paths: Iterable[str]) -> tuple[list[str], list[str]]:
    """Those of the paths of hits that are in libraries, and the others."""
    listed = list(paths)
    outside = [path for path in listed if library_location(path)[0]]
    return outside, [path for path in listed if path not in outside]


def _be_nice() -> None:
    """Yield to the editor; only Linux gives threads a priority of their own."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
