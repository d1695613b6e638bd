"""The same replacement, done twice, is done where else it fits: tokens with holes in them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from codeassist.next_edit.evidence import LinePair, Seen, is_import, line_pairs
from codeassist.next_edit.holes import Element, match, runs_of, skeleton
from codeassist.next_edit.source import Source
from codeassist.next_edit.tokens import Token, is_name, line_tokens, texts_of, trimmed
from codeassist.next_edit.types import Example, Replacement
from indexer.name_roles import is_code

# So many tokens on either side of what changed have to be the same; more where nothing but punctuation changed.
CONTEXT = 2
WIDE_CONTEXT = 6
MAX_PAIRS = 16
MAX_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Core:
    """What changed in a line: tokens first..last of the old ones became new_first..new_last of the new ones."""

    pair: LinePair
    old: tuple[Token, ...]
    new: tuple[Token, ...]
    first: int
    last: int
    new_first: int
    new_last: int

    @property
    def shape(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What was there and what is there now."""
        return texts_of(self.old[self.first : self.last]), texts_of(self.new[self.new_first : self.new_last])


@dataclass(frozen=True, slots=True)
class Template:
    """Tokens `old` become `new` (numbers are holes). spaces: what stands before each of `new`.

    in_text: whether it was done inside of a string or a comment.
    """

    old: tuple[Element, ...]
    new: tuple[Element, ...]
    spaces: tuple[str, ...]
    in_text: bool
    shown: tuple[str, str]
    examples: tuple[Example, ...]
    age: int
    rule: str = "template"

    @property
    def key(self) -> str:
        """The pattern's name."""
        return f"template {self.old} {self.new}"

    @property
    def title(self) -> str:
        """For a person."""
        old, new = self.shown
        return f"change `{old}` to `{new}`" if old and new else f"add `{new}`" if new else f"remove `{old}`"

    @property
    def word(self) -> str:
        """The longest name that every place has."""
        return max((item for item in self.old if isinstance(item, str) and is_name(item)), key=len, default="")

    @property
    def is_unique(self) -> bool:
        """It says itself where it fits."""
        return False

    def places(self, source: Source) -> list[Replacement]:
        """Every line in which it fits, once."""
        word, found = self.word, []
        for row, line in enumerate(source.lines):
            if word in line and (made := self._in_line(line)) is not None:
                start, end, text = made
                at = source.starts[row]
                if source.syntax is None or is_code(source.syntax, at + start, at + end) != self.in_text:
                    found.append(Replacement(at + start, at + end, text))
        return found

    def _in_line(self, line: str) -> tuple[int, int, str] | None:
        tokens = line_tokens(line)
        for first in range(len(tokens)):
            matched = match(self.old, tokens, first)
            if matched is not None and not self._is_done(tokens, first):
                last, holes = matched
                start, end = tokens[first].start, tokens[last - 1].end
                text = self._filled(line, tokens, holes)
                first_changed, last_changed, changed = trimmed(line[start:end], text)
                return start + first_changed, start + last_changed, changed
        return None

    def _is_done(self, tokens: Sequence[Token], first: int) -> bool:
        """Whether the new tokens are there already, of which the old ones may be a part."""
        starts = range(max(0, first - len(self.new) + 1), first + 1)
        ends = ((start, match(self.new, tokens, start)) for start in starts)
        return any(matched is not None and matched[0] > first for _, matched in ends)

    def _filled(self, line: str, tokens: Sequence[Token], holes: dict[int, tuple[int, int]]) -> str:
        parts: list[str] = []
        for space, item in zip(self.spaces, self.new, strict=True):
            if isinstance(item, int):
                first, last = holes[item]
                item_text = line[tokens[first].start : tokens[last - 1].end]
            else:
                item_text = item
            parts.append((space if parts else "") + item_text)
        return "".join(parts)


def find_templates(edits: Sequence[Seen]) -> Iterator[Template]:
    """What was done twice the same way, the newest first."""
    cores = [core for pair in islice(line_pairs(edits), MAX_PAIRS) if (core := core_of(pair)) is not None]
    given: set[str] = set()
    for at, newer in enumerate(cores):
        for older in cores[at + 1 :]:
            template = _template(newer, older)
            if template is not None and template.key not in given:
                given.add(template.key)
                yield template


def core_of(pair: LinePair) -> Core | None:
    """What changed in a line, without what is the same at either end; None where no token changed."""
    old, new = line_tokens(pair.before), line_tokens(pair.after)
    n = min(len(old), len(new))
    head = next((at for at in range(n) if old[at].text != new[at].text), n)
    tail = next((at for at in range(n - head) if old[-1 - at].text != new[-1 - at].text), n - head)
    if not old or not new or (head + tail == len(old) == len(new)):
        return None
    if head + tail == len(old) and is_import(pair.before):
        return None  # What a file imports on top of that is a matter of this file.
    return Core(pair, old, new, head, len(old) - tail, head, len(new) - tail)


def _template(newer: Core, older: Core) -> Template | None:
    same = _same(newer, older) if newer.shape == older.shape else None
    return same or _unified(newer, older)


def _same(newer: Core, older: Core) -> Template | None:
    """Both changed the same tokens: what was the same around them has to be there, too."""
    says_something = any(is_name(text) and len(text) > 1 for text in newer.shape[0])
    limit = CONTEXT if says_something else WIDE_CONTEXT
    left = _common(newer.old[: newer.first][::-1], older.old[: older.first][::-1], limit)
    right = _common(newer.old[newer.last :], older.old[older.last :], limit)
    before = texts_of(newer.old[newer.first - left : newer.last + right])
    if not _is_telling(before):
        return None
    after = newer.new[newer.new_first - left : newer.new_last + right]
    return _made((newer, older), before, texts_of(after), after)


def _is_telling(tokens: Sequence[Element]) -> bool:
    """Whether it takes more than chance that some other line has these tokens."""
    names = [item for item in tokens if isinstance(item, str) and is_name(item) and len(item) > 2]
    return len(tokens) >= 2 and bool(names)


def _common(tokens: Sequence[Token], others: Sequence[Token], limit: int) -> int:
    pairs = zip(tokens[:limit], others[:limit], strict=False)
    return next(
        (at for at, (one, other) in enumerate(pairs) if one.text != other.text), min(limit, len(tokens), len(others))
    )


def _made(
    cores: tuple[Core, Core], before: Sequence[Element], after: Sequence[Element], tokens: Sequence[Token]
) -> Template:
    newer = cores[0]
    line, pair = newer.pair.after, newer.pair
    spaces = tuple(line[tokens[at - 1].end : token.start] if at else "" for at, token in enumerate(tokens))
    shown = pair.before[_start(newer.old, newer.first) : _end(newer.old, newer.last, newer.first)], _new_text(newer)
    examples = tuple(Example(core.pair.seen.source.path, core.pair.row) for core in cores)
    texts = shown[0][:MAX_SHOWN], shown[1][:MAX_SHOWN]
    return Template(tuple(before), tuple(after), spaces, not _was_code(newer), texts, examples, pair.seen.age)


def _start(tokens: Sequence[Token], first: int) -> int:
    return tokens[first].start if first < len(tokens) else tokens[-1].end


def _end(tokens: Sequence[Token], last: int, first: int) -> int:
    return tokens[last - 1].end if last > first else _start(tokens, first)


def _new_text(core: Core) -> str:
    line = core.pair.after
    return line[_start(core.new, core.new_first) : _end(core.new, core.new_last, core.new_first)]


def _was_code(core: Core) -> bool:
    source = core.pair.seen.source
    if source.syntax is None:
        return True
    at = source.starts[core.pair.row]
    tokens = core.new[core.new_first : core.new_last] or core.new[max(0, core.new_first - 1) :][:1]
    return is_code(source.syntax, at + tokens[0].start, at + tokens[-1].end)


def _unified(newer: Core, older: Core) -> Template | None:
    """Where the two differ is a hole, and what the new ones have in it must be what the old ones had."""
    old = skeleton(_window(newer), _window(older))
    if old is None or not old[1]:
        return None
    elements, holes = old
    new = skeleton(_new_window(newer), _new_window(older), holes)
    if new is None:
        return None
    tokens = runs_of(_new_window(newer), new[0], holes)
    if tokens is None:
        return None
    head = int(elements[0] == new[0][0] and isinstance(elements[0], int))
    tail = int(elements[-1] == new[0][-1] and isinstance(elements[-1], int))
    inner = slice(head, -tail or None)  # What is at the ends and stays as it is may be anything.
    if not _is_telling(elements[inner]) or not _is_telling(new[0][inner]):
        return None
    return _made((newer, older), elements[inner], new[0][inner], tokens[inner])


def _window(core: Core) -> tuple[Token, ...]:
    return core.old[max(0, core.first - WIDE_CONTEXT) : core.last + WIDE_CONTEXT]


def _new_window(core: Core) -> tuple[Token, ...]:
    return core.new[max(0, core.new_first - WIDE_CONTEXT) : core.new_last + WIDE_CONTEXT]
