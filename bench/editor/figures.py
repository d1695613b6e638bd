"""What keys, answers and generations come to. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.editor.ghost import READ_AFTER_MS
from bench.editor.session import Pressed
from bench.measuring import summary
from bench.quality.intervals import interval

# What puts a text on the screen that was not there.
NEW = ("appeared",)
FLICKER = ("replaced", "vanished")


@dataclass(frozen=True, slots=True)
class Generation:
    """One request to the engine, or one wait for a pause in typing; monotonic milliseconds. See `watched`."""

    id: str
    kind: str
    start_ms: float
    first_ms: float | None
    end_ms: float
    n_tokens: int
    ending: str


@dataclass(frozen=True, slots=True)
class Run:
    """One trace typed by one user in one way. n_keys_without: keys that it takes without suggestions."""

    way: str
    user: str
    repository: str
    commit: str
    path: str
    language: str
    n_typed: int
    n_keys_without: int
    pressed: tuple[Pressed, ...]
    generations: tuple[Generation, ...]

    @property
    def n_accepted(self) -> int:
        """Characters that suggestions typed."""
        return sum(key.n_accepted for key in self.pressed)


def figures(runs: Sequence[Run]) -> dict[str, object]:
    """All figures of some runs."""
    keys = [key for run in runs for key in run.pressed]
    traces = [number for number, run in enumerate(runs) for _ in run.pressed]
    asked = [key for key in keys if key.asked_ms is not None]
    answered = [key for key in keys if key.answer_ms is not None]
    return {
        "traces": len(runs),
        "keys": len(keys),
        "characters": sum(run.n_typed for run in runs),
        "requests_per_100_keys": _per_100(len(asked), len(keys)),
        "answered_before_next_key": interval([float(key.answer_ms is not None) for key in asked]),
        "key_to_ghost_ms": summary(key.answer_ms or 0.0 for key in answered if key.showing in NEW),
        "request_to_ghost_ms": summary(since_asked(key) for key in answered if key.showing in NEW),
        "request_to_answer_ms": summary(since_asked(key) for key in answered),
        "overhead_ms": summary(overheads(runs)),
        "keys_with_ghost": interval([float(key.seen) for key in keys], traces),
        "keys_along_ghost": interval([float(key.along) for key in keys], traces),
        **shown(runs),
        **saved(runs),
        "flicker": flicker(keys),
        "stood": stood(keys),
        "generations": generations(runs, len(keys)),
    }


def shown(runs: Sequence[Run]) -> dict[str, object]:
    """What came onto the screen, and how much of it was right."""
    new = [(number, key) for number, run in enumerate(runs) for key in run.pressed if key.showing in NEW]
    traces = [number for number, _ in new]
    characters = sum(key.n_shown for _, key in new)
    return {
        "ghosts": len(new),
        "first_line_right": interval([float(key.line_right) for _, key in new], traces),
        "wholly_right": interval([float(key.n_right == key.n_shown) for _, key in new], traces),
        "characters_right": round(sum(key.n_right for _, key in new) / characters, 4) if characters else None,
        "first_line_right_by_key": {
            kind: interval([float(key.line_right) for _, key in new if key.kind == kind])
            for kind in sorted({key.kind for _, key in new})
        },
        "accepted": interval([1.0] * n_accepts(runs) + [0.0] * max(len(new) - n_accepts(runs), 0)),
    }


def n_accepts(runs: Iterable[Run]) -> int:
    """How often a suggestion was taken."""
    return sum(key.kind == "accept" for run in runs for key in run.pressed)


def saved(runs: Sequence[Run]) -> dict[str, object]:
    """Which share of the characters suggestions typed, and of the keys they saved, Tab and repairs counted."""
    by_character = [
        (number, float(place < run.n_accepted)) for number, run in enumerate(runs) for place in range(run.n_typed)
    ]
    by_key = [
        (number, 1 - len(run.pressed) / run.n_keys_without)
        for number, run in enumerate(runs)
        for _ in range(run.n_keys_without)
    ]
    return {
        "characters_saved": interval([value for _, value in by_character], [number for number, _ in by_character]),
        "keys_saved": interval([value for _, value in by_key], [number for number, _ in by_key]),
    }


def flicker(keys: Sequence[Pressed]) -> dict[str, object]:
    """Answers that say otherwise than what was being typed along: an editor that does not keep that flickers."""
    stood = Counter(str(key.showing) for key in keys if key.showing in ("kept", "extended", *FLICKER))
    return {
        **{name: stood[name] for name in ("kept", "extended", "replaced", "vanished")},
        "share": interval([float(key.showing in FLICKER) for key in keys if key.showing in stood]),
    }


def stood(keys: Sequence[Pressed]) -> dict[str, object]:
    """How long what appeared stood there, typed along or not, and the share that went before anybody could read it.

    What was typed or accepted to its end is not among them.
    """
    new = [key for key in keys if key.showing in NEW]
    gone = [float(not key.used and key.stood_ms < READ_AFTER_MS) for key in new]
    return {"ms": summary(key.stood_ms for key in new), "gone_unread": interval(gone)}


def generations(runs: Sequence[Run], n_keys: int) -> dict[str, object]:
    """What the engine was asked, by what for, and what was for nothing.

    wasted: nothing of it came onto the screen.
    """
    found = [
        (generation, {key.item for key in run.pressed})
        for run in runs
        for generation in run.generations
        if generation.kind != "wait"
    ]
    endings = Counter(generation.ending for generation, _ in found)
    n_wasted = sum(generation.id not in items for generation, items in found)
    tokens = sum(generation.n_tokens for generation, _ in found)
    wasted_tokens = sum(generation.n_tokens for generation, items in found if generation.id not in items)
    return {
        "started": len(found),
        "started_per_100_keys": _per_100(len(found), n_keys),
        "kinds": dict(Counter(generation.kind for generation, _ in found)),
        "finished": endings["ended"] + endings["left"],
        "cancelled": endings["cancelled"],
        "failed": endings["failed"],
        "wasted": n_wasted,
        "wasted_share": round(n_wasted / len(found), 4) if found else None,
        "wasted_tokens_share": round(wasted_tokens / tokens, 4) if tokens else None,
        "engine_ms_per_key": round(sum(each.end_ms - each.start_ms for each, _ in found) / max(n_keys, 1), 1),
    }


def overheads(runs: Iterable[Run]) -> list[float]:
    """Milliseconds from request to answer in which neither the engine ran nor a pause was waited for on purpose, for
    keys that reached the engine."""
    found = []
    for run in runs:
        for key in run.pressed:
            if key.answer_ms is not None and key.asked_ms is not None:
                span = key.asked_ms, key.sent_ms + key.answer_ms
                if overlap(ran(run), *span) > 0:
                    found.append(since_asked(key) - overlap(run.generations, *span))
    return found


def since_asked(key: Pressed) -> float:
    """Milliseconds from request to answer of a key that has both."""
    return key.sent_ms + (key.answer_ms or 0.0) - (key.asked_ms or 0.0)


def ran(run: Run) -> list[Generation]:
    """What the engine did, without the waits."""
    return [each for each in run.generations if each.kind != "wait"]


def overlap(busy: Iterable[Generation], start: float, end: float) -> float:
    """How much of a stretch of time at least one generation ran."""
    total, until = 0.0, start
    for each in sorted(busy, key=lambda generation: generation.start_ms):
        begin, last = max(each.start_ms, until), min(each.end_ms, end)
        if last > begin:
            total, until = total + last - begin, last
    return total


def _per_100(count: int, n_keys: int) -> float:
    return round(100 * count / max(n_keys, 1), 1)
