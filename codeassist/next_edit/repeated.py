"""The same replacement, done twice, is done where else it fits. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from codeassist.next_edit.evidence import LinePair, Seen, is_import, line_pairs
from codeassist.next_edit.holes import Element, runs_of, skeleton
from codeassist.next_edit.template import Template, is_behind_dot
from codeassist.next_edit.tokens import Token, is_name, is_telling, line_tokens, n_common, texts_of
from codeassist.next_edit.types import Example
from codeassist.next_edit.visible import local_names
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


def find_templates(edits: Sequence[Seen]) -> Iterator[Template]:
    """What was done twice the same way, the newest first."""
    cores = [core for pair in islice(line_pairs(edits), MAX_PAIRS) if (core := core_of(pair)) is not None]
    given: set[str] = set()
    for at, newer in enumerate(cores):
        for older in cores[at + 1 :]:
            template = _template(newer, older)
            if template is not None and template.key not in given:
                given.add(template.key)
                yield replace(
                    template,
                    examples=tuple(
                        _example(core) for core in cores if template.makes(core.pair.before, core.pair.after)
                    ),
                )


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
    says_something = any(is_telling(text) for text in newer.shape[0])
    limit = CONTEXT if says_something else WIDE_CONTEXT
    left = _common(newer.old[: newer.first][::-1], older.old[: older.first][::-1], limit)
    right = _common(newer.old[newer.last :], older.old[older.last :], limit)
    before = texts_of(newer.old[newer.first - left : newer.last + right])
    if not _says_enough(before):
        return None
    after = newer.new[newer.new_first - left : newer.new_last + right]
    return _made((newer, older), before, texts_of(after), after, newer.first - left)


def _says_enough(tokens: Sequence[Element]) -> bool:
    """Whether it takes more than chance that some other line has these tokens."""
    return len(tokens) >= 2 and any(isinstance(item, str) and is_telling(item) for item in tokens)


def _common(tokens: Sequence[Token], others: Sequence[Token], limit: int) -> int:
    return n_common(texts_of(tokens[:limit]), texts_of(others[:limit]))


def _made(
    cores: tuple[Core, Core],
    before: Sequence[Element],
    after: Sequence[Element],
    tokens: Sequence[Token],
    first: int,
) -> Template:
    """first: at which token of the newer line it starts."""
    newer = cores[0]
    line, pair = newer.pair.after, newer.pair
    spaces = tuple(line[tokens[at - 1].end : token.start] if at else "" for at, token in enumerate(tokens))
    shown = pair.before[_start(newer.old, newer.first) : _end(newer.old, newer.last, newer.first)], _new_text(newer)
    was_code = _was_code(newer)
    texts = shown[0][:MAX_SHOWN], shown[1][:MAX_SHOWN]
    return Template(
        tuple(before),
        tuple(after),
        spaces,
        not was_code,
        texts,
        tuple(_example(core) for core in cores),
        pair.seen.age,
        is_member=is_behind_dot(newer.old, first) if was_code else None,
        takes_place_of=_replaced(newer) if was_code else "",
        needs=_needs(newer),
    )


def _replaced(core: Core) -> str:
    """The plain name that another one took the place of, where that is all that changed."""
    old, new = core.shape
    is_renaming = len(old) == len(new) == 1 and is_name(old[0]) and is_name(new[0])
    return old[0] if is_renaming and not is_behind_dot(core.old, core.first) else ""


def _needs(core: Core) -> frozenset[str]:
    """The variables of the function around that the change brings into the line."""
    source, at = core.pair.seen.source, core.pair.seen.source.starts[core.pair.row]
    old = {token.text for token in _plain_names(core.old, core.first, core.last)}
    names = [token for token in _plain_names(core.new, core.new_first, core.new_last) if token.text not in old]
    return local_names(source, [(token.text, at + token.start, at + token.end) for token in names])


def _example(core: Core) -> Example:
    return Example(core.pair.seen.source.path, core.pair.row)


def _start(tokens: Sequence[Token], first: int) -> int:
    return tokens[first].start if first < len(tokens) else tokens[-1].end


def _end(tokens: Sequence[Token], last: int, first: int) -> int:
    return tokens[last - 1].end if last > first else _start(tokens, first)


def _new_text(core: Core) -> str:
    line = core.pair.after
    return line[_start(core.new, core.new_first) : _end(core.new, core.new_last, core.new_first)]


def _plain_names(tokens: Sequence[Token], first: int, last: int) -> list[Token]:
    """The names among tokens first..last and the one behind, members left out."""
    places = range(first, min(len(tokens), last + 1))
    return [tokens[at] for at in places if is_name(tokens[at].text) and not is_behind_dot(tokens, at)]


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
    if new is None or not {item for item in elements if isinstance(item, int)} <= set(new[0]):
        return None  # What a hole held would be lost.
    tokens = runs_of(_new_window(newer), new[0], holes)
    if tokens is None:
        return None
    head = int(elements[0] == new[0][0] and isinstance(elements[0], int))
    tail = int(elements[-1] == new[0][-1] and isinstance(elements[-1], int))
    inner = slice(head, -tail or None)  # What is at the ends and stays as it is may be anything.
    if not _says_enough(elements[inner]) or not _says_enough(new[0][inner]):
        return None
    start = max(0, newer.first - WIDE_CONTEXT) + (len(holes[int(elements[0])][0]) if head else 0)
    return _made((newer, older), elements[inner], new[0][inner], tokens[inner], start)


def _window(core: Core) -> tuple[Token, ...]:
    return core.old[max(0, core.first - WIDE_CONTEXT) : core.last + WIDE_CONTEXT]


def _new_window(core: Core) -> tuple[Token, ...]:
    return core.new[max(0, core.new_first - WIDE_CONTEXT) : core.new_last + WIDE_CONTEXT]
