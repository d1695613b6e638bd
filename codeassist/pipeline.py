"""From document and cursor to a prompt: window, retrieval, slots, rendering. Synchronous; runs in a worker thread.

What a document showed last time (`Shown`) is kept so that the next prompt changes as little as possible.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, replace

from codeassist.context import Arranged, arrange, join
from codeassist.fim import Prompt, Slot, Template, estimated_ids, path_line, prompt_ids, prompt_text, render_fim
from codeassist.gap_retrieval import mixed, still_sent
from codeassist.protocols import Tokenizer
from codeassist.query import cursor_query
from codeassist.types import Cursor, Document, LeftOut, Source
from codeassist.window import Window, WindowBudget, cut_window
from indexer.types import Hit, Query, Retriever, shown_path

# Those of an editor, or of many clients of the HTTP endpoint.
_REMEMBERED_DOCUMENTS = 256
_MAX_HITS = 20
# Within this many lines of where the slots were chosen, only definitions of newly named things may join them: code
# that is merely similar is not worth computing the window's KV cache anew.
_NEIGHBOURHOOD_LINES = 8
# Where slots were chosen whose search came too late: near no line.
_NOWHERE = -_NEIGHBOURHOOD_LINES
_URGENT_SOURCES = frozenset({"definition", "import", "dependency", "client"})
# The healed end of the cursor's line is generated again: a word is seldom more tokens than this.
HEALED_TOKENS = 16
# Special tokens of a prompt, and the room that is kept for the cursor's line.
_RESERVED_TOKENS = 8
_LINE_SHARE = 0.25
_LINE_TOKENS = 128
# What a short file leaves of its budget goes to the slots in steps of so many tokens, less what is typed next.
_SPARE_STEP = 128
_SLACK_TOKENS = 96


@dataclass(frozen=True, slots=True)
class Budgets:
    """Tokens allowed for each part of a prompt."""

    total: int
    slots: int
    above: int
    suffix: int

    @classmethod
    def split(cls, total: int, context_share: float, suffix_share: float) -> Budgets:
        """Shares of the total; the lines above the cursor get what the others leave."""
        slots, suffix = int(total * context_share), int(total * suffix_share)
        return cls(total, slots, max(total - slots - suffix, 0), suffix)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A prompt and everything that is known of how it came about. slot_room: tokens that the slots were allowed."""

    window: Window
    prompt: Prompt
    ids: tuple[int, ...]
    text: str
    sources: tuple[Source, ...]
    left_out: tuple[LeftOut, ...]
    used: dict[str, int]
    ms: dict[str, float]
    slot_room: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """What the last prompt of a document showed. chosen_line: where the cursor was when any slot could change."""

    head_line: int
    chosen_line: int
    arranged: Arranged
    question: Hashable
    versions: Mapping[str, str]

    def is_near(self, line: int) -> bool:
        """Whether slots chosen for this document serve a cursor on this line."""
        return abs(line - self.chosen_line) < _NEIGHBOURHOOD_LINES


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is looked for, for which document, and what whoever asks brings along."""

    key: str
    query: Query
    sent: Sequence[Hit]


class Pipeline:
    """Prepares prompts; one per workspace. `prepare` may be called from several threads."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        template: Template,
        retriever: Retriever | None,
        deadline_ms: int,
        *,
        heals: bool,
        is_exact: bool = True,
    ) -> None:
        """heals: whether the engine can be held to a forced prefix. is_exact: whether the tokenizer is the model's own;
        another one's tokens only serve to estimate."""
        self._is_exact = is_exact
        self._tokenizer = tokenizer
        self._template = template
        self._retriever = retriever
        self.deadline_ms = deadline_ms
        self._heals = heals
        self._shown: OrderedDict[str, Shown] = OrderedDict()
        self._search_pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="retrieve")
        self._late: OrderedDict[str, tuple[Query, Future[list[Hit]]]] = OrderedDict()

    def prepare(
        self, document: Document, cursor: Cursor, budgets: Budgets, *, key: str = "", sent: Sequence[Hit] = ()
    ) -> Prepared:
        """The prompt for a cursor that lies inside of the document.

        key: tells the document from others, where its path does not. sent: hits that whoever asks brings along.
        """
        started = time.perf_counter()
        key = key or document.path
        shown = self._shown.get(key)
        window = self._cut(document, cursor, budgets, shown)
        windowed = time.perf_counter()
        query = cursor_query(document, cursor, window)
        changed = self._changed(document.path, shown)
        room = budgets.slots + self._spare(window, budgets) if budgets.slots else 0
        arranged, is_late = self._retrieve(_Asked(key, query, sent), window, room, shown, changed)
        retrieved = time.perf_counter()
        chosen_line = _NOWHERE if is_late else cursor.line
        if shown and shown.is_near(cursor.line):
            chosen_line = shown.chosen_line
        question = None if is_late else _question(query)
        versions = self._versions(arranged.slots)
        self._remember(key, Shown(window.head_line, chosen_line, arranged, question, versions))
        prepared = self._render(window, arranged)
        finished = time.perf_counter()
        stages = {"window": windowed - started, "retrieve": retrieved - windowed, "prompt": finished - retrieved}
        return replace(prepared, slot_room=room, ms={stage: seconds * 1000 for stage, seconds in stages.items()})

    def close(self) -> None:
        """Stop the retrieval thread."""
        self._search_pool.shutdown(wait=False, cancel_futures=True)

    def _render(self, window: Window, arranged: Arranged) -> Prepared:
        prompt = render_fim(self._template, window, arranged.slots, self._heal_at(window.left))
        ids = prompt_ids(prompt, self._tokenizer) if self._is_exact else estimated_ids(prompt, self._tokenizer)
        return Prepared(
            window=window,
            prompt=prompt,
            ids=ids,
            text=prompt_text(prompt, self._template),
            sources=tuple(self._source(slot) for slot in arranged.slots),
            left_out=arranged.left_out,
            used=self._used(prompt),
            ms={},
        )

    def _heal_at(self, left: str) -> int:
        """Where the text that is forced on the answer begins; nothing is forced that would take up much of it."""
        start = self._tokenizer.heal_offset(left) if self._heals else len(left)
        return start if self.count(left[start:]) <= HEALED_TOKENS else len(left)

    def _cut(self, document: Document, cursor: Cursor, budgets: Budgets, shown: Shown | None) -> Window:
        named = self.count(path_line(document.path)) if document.path else 0
        # The cursor's line is paid for by the lines above it, by a fixed share: a keystroke must not move their head.
        left = min(int(budgets.above * _LINE_SHARE), _LINE_TOKENS)
        budget = WindowBudget(max(budgets.above - named - _RESERVED_TOKENS - left, 0), budgets.suffix, left)
        return cut_window(document, cursor, budget, self.count, shown.head_line if shown else None)

    def _spare(self, window: Window, budgets: Budgets) -> int:
        """Tokens that the file does not need and its slots may have, in steps: lines that are typed take them back."""
        groups = (path_line(window.path), *window.above, window.left, window.right, *window.below)
        free = budgets.above + budgets.suffix - sum(self.count(group) for group in groups) - _RESERVED_TOKENS
        return max(free - _SLACK_TOKENS, 0) // _SPARE_STEP * _SPARE_STEP

    def _versions(self, slots: tuple[Slot, ...]) -> Mapping[str, str]:
        """Of the files that slots come from."""
        return self._retriever.versions({slot.path for slot in slots}) if self._retriever and slots else {}

    def _changed(self, path: str, shown: Shown | None) -> frozenset[str]:
        """Files whose slots may be out of date: edited, gone or ignored. The document brings its own text along."""
        if shown is None:
            return frozenset()
        slots = shown.arranged.slots
        now = self._versions(slots)
        paths = {slot.path for slot in slots} - {path}
        return frozenset(path for path in paths if path not in now or now[path] != shown.versions.get(path))

    def _retrieve(
        self, asked: _Asked, window: Window, room: int, shown: Shown | None, changed: frozenset[str]
    ) -> tuple[Arranged, bool]:
        """The slots for this query, and whether they are old ones because the search took too long."""
        query = asked.query
        if self._retriever is None or room <= 0:
            return Arranged((), 0, ()), False
        fits = shown is not None and shown.arranged.n_tokens <= room
        if shown and fits and shown.arranged.slots and shown.question == _question(query) and not changed:
            return shown.arranged, False  # the same word is still being typed
        previous = _still_true(shown.arranged.slots, window, query) if shown else ()
        previous = still_sent(previous, asked.sent)
        is_near = shown is not None and bool(previous) and shown.is_near(window.cursor_line) and not changed
        found = self._search(self._retriever, replace(query, similar=not is_near), asked.key)
        if found is None:
            kept = [slot for slot in previous if slot.path not in changed]
            return join(kept, asked.sent, room, self.count), True
        hits = mixed(found, asked.sent) if asked.sent else found
        if is_near:
            urgent = [hit for hit in hits if hit.source in _URGENT_SOURCES]
            return join(previous, urgent, room, self.count), False
        return arrange(previous, hits, room, self.count, changed), False

    def _search(self, retriever: Retriever, query: Query, key: str) -> list[Hit] | None:
        """Hits within the deadline; None when they come too late.

        A late search goes on, and the next request for the same place takes what it found: searches never pile up.
        """
        asked, future = self._late.pop(key, (query, None))
        if future is not None and not _serves(asked, query):
            future.cancel()
            future = None
        is_late = future is not None
        future = future or self._search_pool.submit(retriever.search, query, _MAX_HITS)
        try:
            hits = future.result(timeout=self.deadline_ms / 1000)
        except FutureTimeout:
            self._late[key] = (asked if is_late else query, future)
            while len(self._late) > _REMEMBERED_DOCUMENTS:
                self._late.popitem(last=False)[1][1].cancel()
            return None
        if not is_late:
            return hits
        known = retriever.versions({hit.path for hit in hits})  # A file may have gone since.
        return [hit for hit in hits if hit.path in known or hit.path == query.path]

    def _remember(self, key: str, shown: Shown) -> None:
        self._shown[key] = shown
        self._shown.move_to_end(key)
        while len(self._shown) > _REMEMBERED_DOCUMENTS:
            self._shown.popitem(last=False)

    def _source(self, slot: Slot) -> Source:
        return Source(shown_path(slot.path), slot.start_line, slot.end_line, slot.why, self.count(slot.text))

    def _used(self, prompt: Prompt) -> dict[str, int]:
        used = dict.fromkeys(("slot", "above", "suffix", "left", "special"), 0)
        for part in prompt.parts:
            used[part.kind] += 1 if part.kind == "special" else self.count(part.text)
        return used

    def count(self, text: str) -> int:
        """Tokens of a text."""
        return len(self._tokenizer.encode(text))


def _question(query: Query) -> Hashable:
    """What two queries have in common when the same answer serves both."""
    return (query.identifiers, query.text, query.exclude_lines)


def _serves(asked: Query, query: Query) -> bool:
    """Whether the answer to one query of a document will do for another."""
    return asked.similar == query.similar and abs(asked.line - query.line) < _NEIGHBOURHOOD_LINES


def _still_true(slots: tuple[Slot, ...], window: Window, query: Query) -> tuple[Slot, ...]:
    """Slots less those that show lines of the window itself, and those of lines that the document no longer has."""
    own = any(slot.path == window.path for slot in slots)
    lines = frozenset((query.source or "").split("\n")) if own else frozenset()
    return tuple(slot for slot in slots if slot.path != window.path or _is_elsewhere(slot, window, lines))


def _is_elsewhere(slot: Slot, window: Window, lines: frozenset[str]) -> bool:
    if slot.end_line > window.head_line and slot.start_line <= window.end_line:
        return False
    return lines.issuperset(slot.code.split("\n"))
