"""What keys, answers, generations and samples come to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench.editor.__main__ import command_line
from bench.editor.figures import Generation, Run, figures, flicker, generations, overheads, overlap, stood
from bench.editor.growth import BLOCKS, grown
from bench.editor.replay import rounds, row_of, summarise
from bench.editor.session import Pressed
from bench.editor.watched import noted, waited
from codeassist.types import Delta, GenerationRequest, Usage

REQUEST = GenerationRequest("complete-1", (), 8)


def key(**changes: object) -> Pressed:
    made = Pressed("type", "between words", 1000.0, asked_ms=1000.0)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def run(*pressed: Pressed, ran: tuple[Generation, ...] = (), n_typed: int = 10, without: int = 10) -> Run:
    return Run("as it is", "accepts", "shop", "c0ffee", "a.py", "python", n_typed, without, pressed, ran)


def test_overhead_is_the_time_in_which_the_engine_did_nothing() -> None:
    ran = (Generation("complete-1", "completion", 1010.0, 1030.0, 1060.0, 5, "ended"),)
    assert overheads([run(key(answer_ms=70.0), ran=ran)]) == [20.0]
    assert overheads([run(key(answer_ms=5.0), ran=())]) == []


def test_waiting_on_purpose_is_no_overhead() -> None:
    ran = (
        Generation("", "wait", 1005.0, None, 1105.0, 0, "ended"),
        Generation("complete-1", "completion", 1110.0, 1130.0, 1160.0, 5, "ended"),
    )
    assert overheads([run(key(answer_ms=170.0), ran=ran)]) == [20.0]
    assert generations([run(ran=ran)], 1)["started"] == 1


def test_what_went_before_it_could_be_read_is_told_apart_from_what_was_typed() -> None:
    shown = {"showing": "appeared", "answer_ms": 5.0}
    keys = [key(**shown, stood_ms=100.0), key(**shown, stood_ms=100.0, used=True), key(**shown, stood_ms=900.0)]
    share = stood(keys)["gone_unread"]
    assert isinstance(share, dict)
    assert share["mean"] == pytest.approx(0.3333)


def test_time_in_which_two_generations_ran_counts_once() -> None:
    ran = [
        Generation("complete-1", "completion", 0.0, None, 30.0, 0, "cancelled"),
        Generation("complete-2", "completion", 20.0, 30.0, 50.0, 5, "ended"),
        Generation("complete-3", "completion", 90.0, None, 200.0, 5, "ended"),
    ]
    assert overlap(ran, 10.0, 100.0) == 50.0


def test_what_never_came_onto_the_screen_was_generated_for_nothing() -> None:
    ran = (
        Generation("complete-1", "completion", 0.0, None, 10.0, 0, "cancelled"),
        Generation("complete-2", "completion", 10.0, 15.0, 50.0, 6, "ended"),
        Generation("complete-9", "ahead", 60.0, 65.0, 90.0, 2, "left"),
    )
    found = generations([run(key(item="complete-2", showing="appeared"), ran=ran)], 4)
    assert found["started"] == 3
    assert found["started_per_100_keys"] == 75.0
    assert found["kinds"] == {"completion": 2, "ahead": 1}
    assert (found["finished"], found["cancelled"], found["wasted"]) == (2, 1, 2)
    assert found["wasted_tokens_share"] == 0.25


def test_flicker_is_what_was_replaced_or_taken_away_under_the_users_hands() -> None:
    shown = ["kept", "kept", "extended", "replaced", "vanished", "appeared", "none", "null"]
    found = flicker([key(showing=name) for name in shown])
    assert (found["kept"], found["extended"], found["replaced"], found["vanished"]) == (2, 1, 1, 1)
    share = found["share"]
    assert isinstance(share, dict)
    assert (share["n"], share["mean"]) == (5, 0.4)


def test_shares_are_of_all_keys_and_all_characters() -> None:
    shown = key(answer_ms=50.0, showing="appeared", n_shown=8, n_right=8, line_right=True, seen=True, item="complete-1")
    taken = key(kind="accept", n_accepted=8)
    found = figures([run(shown, taken, n_typed=10, without=10)])
    assert found["requests_per_100_keys"] == 100.0
    assert found["key_to_ghost_ms"] == {"median": 50.0, "p90": 50.0, "p95": 50.0, "n": 1}
    assert found["ghosts"] == 1
    means = {name: found[name]["mean"] for name in ("keys_with_ghost", "accepted", "characters_saved", "keys_saved")}  # type: ignore[index]
    assert means == {"keys_with_ghost": 0.5, "accepted": 1.0, "characters_saved": 0.8, "keys_saved": 0.8}


def test_figures_of_nothing_are_told_as_such() -> None:
    assert figures([])["keys"] == 0


def test_results_hold_nobodys_text() -> None:
    secret = key(answer_ms=5.0, showing="appeared", line="their code", ghost="more of it", seen=True)
    row = json.dumps(row_of(run(secret)))
    assert "their code" not in row
    assert "more of it" not in row


def test_languages_are_told_apart_where_there_are_several() -> None:
    one, other = run(key()), replace(run(key()), language="go")
    assert set(summarise([one])["as it is, accepts"]) == {"all"}  # type: ignore[call-overload]
    assert set(summarise([one, other])["as it is, accepts"]) == {"all", "python", "go"}  # type: ignore[call-overload]


def test_every_way_is_typed_by_every_user() -> None:
    ways = ["--way", "completion.debounce_ms=0,completion.max_lines=1", "--way", "as it is", "-o", "engine.threads=1"]
    found = rounds(command_line().parse_args(["replay", "shop", *ways]))
    assert [(each.way, each.user) for each in found][1:3] == [
        ("completion.debounce_ms=0,completion.max_lines=1", "accepts"),
        ("as it is", "never"),
    ]
    assert found[0].options == ("engine.threads=1", "completion.debounce_ms=0", "completion.max_lines=1")
    assert found[2].options == ("engine.threads=1",)


def test_a_slope_is_per_thousand_keys_with_an_interval_around_it() -> None:
    keys = list(range(0, 10_000, 100))
    found = grown(keys, [50 + n / 1000 * 2 + (n // 100) % 3 for n in keys])
    assert found["per_1000_keys"] == pytest.approx(2.0, abs=0.05)
    assert found["low"] is not None
    assert found["high"] is not None
    assert found["low"] <= 2.05
    assert found["high"] >= 1.95
    flat = grown(keys, [50.0] * len(keys))
    assert (flat["per_1000_keys"], flat["low"], flat["high"]) == (0.0, 0.0, 0.0)


def test_a_few_samples_have_no_slope() -> None:
    assert grown([0, 1], [5.0, 7.0]) == {"first": 5.0, "last": 7.0, "most": 7.0}
    assert grown([], []) == {}
    assert "per_1000_keys" in grown(range(2 * BLOCKS), [1.0] * 2 * BLOCKS)


async def deltas(_engine: object, _request: GenerationRequest) -> AsyncIterator[Delta]:
    yield Delta("a", Usage(completion_tokens=1))
    await asyncio.sleep(0)
    yield Delta("b", Usage(completion_tokens=2), finish_reason="stop")


def lines(file: Path) -> list[tuple[str, int, str]]:
    read = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [(note[0], note[5], note[6]) for note in read]


async def test_every_request_to_the_engine_is_noted_however_it_ends(tmp_path: Path) -> None:
    file = tmp_path / "notes.jsonl"
    with file.open("a", buffering=1) as notes:
        stream = noted(deltas, notes)
        assert "".join([delta.text async for delta in stream(None, REQUEST)]) == "ab"
        leaving = stream(None, REQUEST)
        await anext(leaving)
        await leaving.aclose()  # type: ignore[attr-defined]

        async def forever(_engine: object, _request: GenerationRequest) -> AsyncIterator[Delta]:
            await asyncio.Event().wait()
            yield Delta("", Usage())

        reader = asyncio.ensure_future(anext(noted(forever, notes)(None, REQUEST)))
        await asyncio.sleep(0)
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
    assert lines(file) == [("complete-1", 2, "ended"), ("complete-1", 1, "left"), ("complete-1", 0, "cancelled")]


async def test_every_wait_for_a_pause_is_noted(tmp_path: Path) -> None:
    async def pause(_self: object) -> float:
        return 7.0

    file = tmp_path / "notes.jsonl"
    with file.open("a", buffering=1) as notes:
        assert await waited(pause, notes)(None) == 7.0
    assert json.loads(file.read_text(encoding="utf-8"))[1] == "wait"


def test_notes_are_read_back_as_they_were_written() -> None:
    generation = Generation(*json.loads('["complete-1", "completion", 1.0, null, 2.0, 0, "cancelled"]'))
    assert (generation.id, generation.first_ms, generation.ending) == ("complete-1", None, "cancelled")
