"""How long to wait before asking: from the user's own rhythm and the engine's latency. Pure; the clock is passed in.

An answer that takes `L` and is asked for `d` after a key is still wanted unless another key comes before `d + L`. The
wait is the smallest `d` after which that is more likely than not, judged by the last intervals between keys: of those
longer than `d`, at least half are longer than `d + L`. Whoever pauses has an interval longer than any.

Where no wait does it, for the engine is slow and keys come at all distances, a wait would only make every answer later,
and is as long as spares an engine that works in vain: it grows from none where three of four answers come too late.
"""

from __future__ import annotations

import math
import statistics
from collections import deque
from collections.abc import Callable, Sequence

# So much of the past tells how somebody types now.
_INTERVALS = 64
_LATENCIES = 16
# Longer intervals are pauses: no key came.
_PAUSE_MS = 1000.0
LONGEST_WAIT_MS = 200.0
_STEP_MS = 5.0
_HALF, _MOSTLY = 0.5, 0.75
# What comes together is one key: an edit at several cursors, or keys that a busy process reads late.
_ONE_KEY_MS = 2.0
# A held key comes every 25 to 40 ms: nobody wants an answer in between, whatever was typed before.
_REPEAT_MS = 50.0
_WAIT_IN_REPEAT_MS = 100.0

# Before anything is known of the user: one key in four is followed by a pause, the others come as they do from people
# who type (239 ms apart on average: Dhakal et al., "Observations on Typing from 136 Million Keystrokes", CHI 2018).
_PRIOR_MS = (80.0, 110.0, 130.0, 150.0, 170.0, 190.0, 220.0, 260.0, 320.0, 400.0, 520.0, 700.0, *[math.inf] * 4)
_PRIOR_LATENCY_MS = 150.0


class Rhythm:
    """The intervals between keys and the latencies of answers, as they were lately. clock: seconds, never backwards."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last_key: float | None = None
        self._intervals: deque[float] = deque(_PRIOR_MS, maxlen=_INTERVALS)
        self._latencies: deque[float] = deque(maxlen=_LATENCIES)

    def key(self) -> None:
        """A key was pressed now."""
        now = self._clock()
        if self._last_key is not None:
            interval_ms = (now - self._last_key) * 1000
            if interval_ms < _ONE_KEY_MS:
                return
            self._intervals.append(interval_ms if interval_ms < _PAUSE_MS else math.inf)
        self._last_key = now

    def answered(self, latency_ms: float) -> None:
        """The engine took so long from a request to the end of its answer."""
        self._latencies.append(latency_ms)

    @property
    def latency_ms(self) -> float:
        """What an answer takes, in all likelihood."""
        return statistics.median(self._latencies) if self._latencies else _PRIOR_LATENCY_MS

    def wait_ms(self, debounce_ms: int = -1, least_ms: float = 0.0) -> float:
        """How long to wait from now on before asking. debounce_ms: from the last key on; -1 for the adaptive delay.
        least_ms: a pause that there has to be in any case.
        """
        if self._last_key is None:
            return 0.0
        since_ms = (self._clock() - self._last_key) * 1000
        delay_ms = debounce_ms if debounce_ms >= 0 else self._delay_ms()
        return max(delay_ms - since_ms, least_ms - since_ms, 0.0)

    def quiet_ms(self) -> float:
        """How long to wait from now on before asking for what only helps if no key comes."""
        since_ms = math.inf if self._last_key is None else (self._clock() - self._last_key) * 1000
        waits = (since_ms + step * _STEP_MS for step in range(int(_PAUSE_MS / _STEP_MS) + 1))
        late = ((wait, share_too_late(self._intervals, wait, self.latency_ms)) for wait in waits)
        wait = next((wait for wait, share in late if share <= _HALF), _PAUSE_MS)
        return wait - since_ms if math.isfinite(wait) else 0.0

    def _delay_ms(self) -> float:
        delay_ms = best_delay_ms(self._intervals, self.latency_ms)
        return max(delay_ms, _WAIT_IN_REPEAT_MS) if self._intervals[-1] < _REPEAT_MS else delay_ms


def best_delay_ms(intervals_ms: Sequence[float], latency_ms: float) -> float:
    """The smallest delay after a key at which an answer is more likely than not to be wanted when it comes.

    intervals_ms: between keys; infinite where no key came for long.
    """
    steps = range(int(LONGEST_WAIT_MS / _STEP_MS) + 1)
    delays = (step * _STEP_MS for step in steps)
    found = next((delay for delay in delays if share_too_late(intervals_ms, delay, latency_ms) <= _HALF), None)
    if found is not None:
        return found
    vain = (share_too_late(intervals_ms, 0.0, latency_ms) - _MOSTLY) / (1 - _MOSTLY)
    return LONGEST_WAIT_MS * max(vain, 0.0)


def share_too_late(intervals_ms: Sequence[float], delay_ms: float, latency_ms: float) -> float:
    """How likely (0 to 1) a key comes before the answer, when it is asked for `delay_ms` after the last one."""
    longer = [interval for interval in intervals_ms if interval > delay_ms]
    return sum(interval <= delay_ms + latency_ms for interval in longer) / len(longer) if longer else 0.0
