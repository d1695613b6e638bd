"""Two engines side by side: what is compared, when the second one is asked, what is kept, and what it comes to."""

from __future__ import annotations

import asyncio
import functools
import logging
import math
import stat
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from codeassist.errors import EngineUnavailable, ShadowLogUnavailable
from codeassist.shadow.asking import MAX_WAITING, MOST_TRIES, Plan, Shadow
from codeassist.shadow.comparison import Answered, Comparison, Gap, Prices, compare, is_sampled
from codeassist.shadow.report import bootstrap, make_report, wilson
from codeassist.shadow.store import DAY_S, MAX_DAYS, ShadowLog
from codeassist.types import Delta, FimRequest, Usage
from tests.engine.asking import until

ASKED = FimRequest("1", "def f(", "):\n")
FIRST = Answered("provider", "a, b", Usage(1_000_000, 0, 100_000), 90.0, 40.0)
GAP = Gap(ASKED, FIRST, 5.0, "anna", "/infill", "a.py", "python")


def comparison(**changes: object) -> Comparison:
    made = compare(GAP, Answered("own", "a, b", Usage(10, 0, 2), 30.0, 20.0), Prices(), Prices())
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("first", "second", "is_exact", "is_same_line", "similarity"),
    [
        ("a, b", "a, b", True, True, 1.0),
        ("a, b\n", "a, b", True, True, 1.0),
        ("", "", True, True, 1.0),
        ("a\nb", "a\nc", False, True, 2 / 3),
        ("ab", "xy", False, False, 0.0),
        ("a", "", False, False, 0.0),
    ],
)
def test_answers_are_compared_without_blanks_at_their_ends(
    first: str, second: str, is_exact: bool, is_same_line: bool, similarity: float
) -> None:
    gap = replace(GAP, first=replace(FIRST, text=first))
    made = compare(gap, Answered("own", second), Prices(), Prices())
    assert (made.is_exact, made.is_same_line) == (is_exact, is_same_line)
    assert made.similarity == pytest.approx(similarity)


def test_tokens_cost_what_their_side_asks() -> None:
    made = compare(GAP, Answered("own", "a", Usage(500_000, 0, 0)), Prices(2.0, 10.0), Prices(0.5, 0.0))
    assert (made.first_cost, made.second_cost) == (3.0, 0.25)


def test_no_text_is_in_a_comparison() -> None:
    assert "a, b" not in repr(comparison())
    assert "def f(" not in repr(comparison())


def test_the_same_share_is_sampled_everywhere() -> None:
    ids = [f"cmpl-{number}" for number in range(2000)]
    chosen = [name for name in ids if is_sampled(name, 0.2)]
    assert chosen == [name for name in ids if is_sampled(name, 0.2)]
    assert 340 < len(chosen) < 460
    assert set(chosen) <= {name for name in ids if is_sampled(name, 0.5)}
    assert all(is_sampled(name, 1.0) for name in ids)
    assert not any(is_sampled(name, 0.0) for name in ids)


class FakeSecond:
    """Answers once it is let, or fails."""

    def __init__(self, error: Exception | None = None) -> None:
        self.name = "own"
        self.error = error
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.asked: list[FimRequest] = []
        self.left: list[FimRequest] = []
        self.n_closed = 0

    async def start(self) -> None:
        if self.error is not None:
            raise self.error

    async def fill(self, asked: FimRequest) -> AsyncIterator[Delta]:
        self.asked.append(asked)
        try:
            await self.may_answer.wait()
            yield Delta("a, ", Usage(10, 0, 1))
            yield Delta("c", Usage(10, 0, 2), (), "stop")
        except (asyncio.CancelledError, GeneratorExit):
            self.left.append(asked)
            raise

    async def close(self) -> None:
        self.n_closed += 1


class Running:
    """A shadow at work; what it keeps."""

    def __init__(self, second: FakeSecond, plan: Plan, **given: Callable[[str, str], str | None]) -> None:
        self.kept: list[Comparison] = []
        self.second = second
        self.shadow = Shadow(second, plan, self._keep, **given)
        self._task = asyncio.create_task(self.shadow.run())

    async def _keep(self, made: Comparison) -> None:
        self.kept.append(made)

    async def end(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


ALL = Plan(share=1.0, gives_way=False)


async def test_a_gap_is_asked_and_kept_without_its_texts() -> None:
    running = Running(FakeSecond(), ALL)
    running.shadow.offer(GAP)
    await until(lambda: running.shadow.compared)
    (made,) = running.kept
    assert (made.key, made.first_model, made.second_model, made.is_exact) == ("1", "provider", "own", False)
    assert (made.prefix, made.second_text) == (None, None)
    (asked,) = running.second.asked
    assert (asked.prefix, asked.client) == ("def f(", "shadow")
    await running.end()
    assert running.second.n_closed == 1


async def test_texts_are_kept_where_the_user_wants_them() -> None:
    running = Running(FakeSecond(), replace(ALL, keeps_text=True))
    running.shadow.offer(GAP)
    await until(lambda: running.kept)
    assert (running.kept[0].prefix, running.kept[0].first_text, running.kept[0].second_text) == (
        "def f(",
        "a, b",
        "a, c",
    )
    await running.end()


async def test_what_no_model_may_see_is_not_asked() -> None:
    running = Running(FakeSecond(), ALL, withheld=lambda path, _: "secret" if path == "a.py" else None)
    running.shadow.offer(GAP)
    await until(lambda: running.shadow.dropped)
    assert (running.second.asked, running.kept) == ([], [])
    await running.end()


async def test_nothing_outside_of_the_share_is_asked() -> None:
    running = Running(FakeSecond(), replace(ALL, share=0.0))
    running.shadow.offer(GAP)
    assert running.shadow.waiting == 0
    await running.end()


async def test_of_too_many_the_oldest_are_dropped() -> None:
    shadow = Shadow(FakeSecond(), ALL, lambda _: asyncio.sleep(0))
    for number in range(MAX_WAITING + 3):
        shadow.offer(replace(GAP, asked=replace(ASKED, id=str(number))))
    assert (shadow.waiting, shadow.dropped) == (MAX_WAITING, 3)


async def test_an_engine_on_this_machine_waits_until_nobody_asks_the_first() -> None:
    running = Running(FakeSecond(), replace(ALL, gives_way=True))
    running.shadow.busy()
    running.shadow.offer(GAP)
    await until(lambda: running.shadow.waiting == 0)
    await asyncio.sleep(0)
    assert running.second.asked == []
    running.shadow.idle()
    await until(lambda: running.kept)
    await running.end()


async def test_it_gives_way_to_who_asks_meanwhile_and_is_tried_again() -> None:
    running = Running(FakeSecond(), replace(ALL, gives_way=True))
    running.second.may_answer.clear()
    running.shadow.offer(GAP)
    await until(lambda: running.second.asked)
    running.shadow.busy()
    await until(lambda: running.second.left)
    running.second.may_answer.set()
    running.shadow.idle()
    await until(lambda: running.kept)
    assert (len(running.second.asked), running.shadow.compared) == (2, 1)
    await running.end()


def _has(things: list[object], n_things: int) -> bool:
    return len(things) == n_things


async def test_a_gap_that_gave_way_too_often_is_dropped() -> None:
    running = Running(FakeSecond(), replace(ALL, gives_way=True))
    running.second.may_answer.clear()
    running.shadow.offer(GAP)
    for n_tries in range(1, MOST_TRIES + 1):
        await until(functools.partial(_has, running.second.asked, n_tries))
        running.shadow.busy()
        await until(functools.partial(_has, running.second.left, n_tries))
        running.shadow.idle()
    await until(lambda: running.shadow.dropped)
    assert running.kept == []
    await running.end()


async def test_a_remote_one_gives_way_to_nobody() -> None:
    running = Running(FakeSecond(), ALL)
    running.shadow.busy()
    running.shadow.offer(GAP)
    await until(lambda: running.kept)
    await running.end()


async def test_what_goes_wrong_is_counted_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    running = Running(FakeSecond(EngineUnavailable("it is away")), ALL)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            running.shadow.offer(GAP)
        await until(lambda: running.shadow.failed == 3)
    assert len(caplog.records) == 1
    assert running.shadow.problem == "it is away"
    running.second.error = None
    running.shadow.offer(GAP)
    await until(lambda: running.kept)
    assert running.shadow.problem == ""
    await running.end()


async def test_ending_leaves_the_second_engine_in_the_middle_of_its_answer() -> None:
    running = Running(FakeSecond(), ALL)
    running.second.may_answer.clear()
    running.shadow.offer(GAP)
    await until(lambda: running.second.asked)
    await running.end()
    assert (len(running.second.left), running.second.n_closed) == (1, 1)


def test_the_log_gives_back_what_it_took(tmp_path: Path) -> None:
    log = ShadowLog(tmp_path / "state" / "shadow.sqlite", clock=lambda: 30.0)
    assert log.read(0.0) == []
    rows = [comparison(key="1", at=10.0), comparison(key="2", at=20.0, first_begin_ms=None, prefix="x", is_exact=False)]
    for row in rows:
        log.write(row)
    assert log.read(0.0) == rows
    assert log.read(15.0) == rows[1:]
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o600
    assert log.forget() == 2
    assert (log.read(0.0), log.forget()) == ([], 0)


def test_the_log_is_bounded_in_age_and_number(tmp_path: Path) -> None:
    now = 10.0 * MAX_DAYS * DAY_S
    old = comparison(key="old", at=now - (MAX_DAYS + 1) * DAY_S)
    for number in range(12):
        log = ShadowLog(tmp_path / "log", max_rows=10, clock=lambda: now)
        log.write(old)
        log.write(comparison(key=str(number), at=now + number))
        ShadowLog(tmp_path / "log", max_rows=10, clock=lambda: now).write(comparison(key="last", at=now + 99))
    kept = [row.key for row in log.read(0.0)]
    assert len(kept) <= 11
    assert "old" not in kept


@pytest.mark.parametrize("content", [b"no database at all, and longer than a header of one is" * 9])
def test_a_damaged_log_says_what_to_do(tmp_path: Path, content: bytes) -> None:
    log = ShadowLog(tmp_path / "log")
    log.path.write_bytes(content)
    for work in (lambda: log.read(0.0), lambda: log.write(comparison())):
        with pytest.raises(ShadowLogUnavailable, match="codeassist shadow --forget"):
            work()
    assert log.forget() == 0
    log.write(comparison())


def test_wilson_is_what_the_textbooks_have() -> None:
    found = wilson(8, 10)
    assert (round(found.low, 3), round(found.high, 3)) == (0.490, 0.943)
    assert wilson(0, 5).low == pytest.approx(0.0)
    assert wilson(5, 5).high == pytest.approx(1.0)


def test_a_bootstrap_interval_holds_the_mean_and_is_always_the_same() -> None:
    values = [0.0, 1.0] * 50
    found = bootstrap(values)
    assert found == bootstrap(values)
    assert found.value == 0.5
    assert 0.38 < found.low < 0.5 < found.high < 0.62
    assert bootstrap([0.7]).low == pytest.approx(0.7)


def test_the_report_groups_by_language_and_client() -> None:
    rows = [
        comparison(key="1"),
        comparison(key="2", is_exact=False, similarity=0.5, second_ms=50.0),
        comparison(key="3", language="", client="", first_cost=1.0, second_cost=0.25, second_begin_ms=None),
    ]
    report = make_report(rows)
    assert report.total is not None
    assert (report.total.n, report.total.saved) == (3, 0.75)
    assert math.isclose(report.total.exact.value, 2 / 3)
    assert (report.total.second.ms_p50, report.total.second.ms_p95) == (30.0, 50.0)
    assert {name: figures.n for name, figures in report.languages.items()} == {"python": 2, "other": 1}
    assert list(report.clients) == ["anna", "other"]
    assert report.clients["other"].second.first_token_p50 is None
    assert make_report([]).total is None
