"""Tabby's dialect: bodies as the interface of its clients (tabby-openapi 0.32) has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from codeassist.engine.hardware import processor_name
from codeassist.server.outcomes import Outcome, Outcomes, counted
from codeassist.server.problems import Problem
from codeassist.server.tabby_request import read_tabby_event, read_tabby_request
from codeassist.statistics.record import Record
from codeassist.statistics.report import make_report
from codeassist.statistics.store import StatisticsStore
from codeassist.types import Snippet

SEGMENTS = {
    "prefix": "def fib(n):\n    return ",
    "suffix": "\n",
    "filepath": "src/fib.py",
    "git_url": "git@example.org:me/fib.git",
    "declarations": [{"filepath": "src/a.py", "body": "def a(): ..."}],
    "relevant_snippets_from_changed_files": [{"filepath": "src/b.py", "body": "b = 1", "score": 1.0}],
    "relevant_snippets_from_recently_opened_files": [{"filepath": "src/c.py", "body": "c = 1", "score": 0.5}],
    "clipboard": "copied",
}
BODY = {"language": "python", "segments": SEGMENTS, "temperature": 0.1, "seed": None, "user": "ada"}


async def test_a_gap_is_filled_in_the_shape_of_tabby(endpoint: Any) -> None:
    async with endpoint("fib(n - 1)") as e:
        response = await e.client.post("/v1/completions", json=BODY)
        plain = {"prompt": SEGMENTS["prefix"], "suffix": SEGMENTS["suffix"]}
        await e.client.post("/v1/completions", json=plain)
    answer = response.json()
    assert response.status_code == 200
    assert answer["choices"] == [{"index": 0, "text": "fib(n - 1)"}]
    assert answer["id"].startswith("cmpl-")
    assert e.engine.requests[0].temperature == 0.1
    assert isinstance(e.engine.requests[0].prompt, tuple)


def test_everything_that_a_client_knows_is_taken_over() -> None:
    asked = read_tabby_request({**BODY, "debug_options": {"disable_retrieval_augmented_code_completion": True}})
    assert (asked.prefix, asked.suffix, asked.path) == (SEGMENTS["prefix"], "\n", "src/fib.py")
    assert (asked.language, asked.wants_context) == ("python", False)
    assert asked.snippets == (
        Snippet("src/a.py", "def a(): ..."),
        Snippet("src/b.py", "b = 1"),
        Snippet("src/c.py", "c = 1"),
        Snippet("", "copied"),
    )


async def test_a_raw_prompt_goes_to_the_model_as_it_is(endpoint: Any) -> None:
    async with endpoint("x") as e:
        body = {"debug_options": {"raw_prompt": "def f("}}
        assert (await e.client.post("/v1/completions", json=body)).json()["choices"][0]["text"] == "x"
    assert e.engine.requests[0].prompt == "def f("


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"segments": {}}, "neither"),
        ({"segments": 5}, "an object"),
        ({"segments": {"prefix": 5}}, "a text"),
        ({"segments": {"prefix": "\ud800"}}, "surrogate"),
        ({"segments": {"prefix": "x", "other": 1}}, "unknown field"),
        ({"segments": {"prefix": "x", "declarations": [{"filepath": "a"}]}}, "`filepath`, `body`"),
        ({"segments": {"prefix": "x", "declarations": {}}}, "a list of at most"),
        ({"segments": {"prefix": "x"}, "mode": "next_edit_suggestion"}, "standard"),
        ({"segments": {"prefix": "x"}, "debug_options": {"return_prompt": True}}, "codeassist-context-report"),
        ({"segments": {"prefix": "x"}, "stream": True}, "unknown field"),
    ],
)
def test_what_would_not_be_honoured_is_refused(body: dict[str, Any], told: str) -> None:
    with pytest.raises(Problem, match=told) as caught:
        read_tabby_request(body)
    assert caught.value.status == 400


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_health_tells_clients_that_completions_can_be_had(endpoint: Any, method: str) -> None:
    async with endpoint(start=False) as e:
        state = (await e.client.request(method, "/v1/health")).json()
    assert state["model"] == "scripted"
    assert state["cpu_count"] > 0
    assert state["cuda_devices"] == []
    assert {"device", "arch", "cpu_info"} <= state.keys()
    # Clients ask older servers for no settings, and then send what they measure to Tabby's makers.
    assert tuple(map(int, state["version"]["git_describe"][1:].split("-")[0].split("."))) >= (0, 9, 0)


async def test_clients_are_told_to_send_nothing_elsewhere(endpoint: Any) -> None:
    async with endpoint() as e:
        setting = (await e.client.get("/v1beta/server_setting")).json()
    assert setting == {"disable_client_side_telemetry": True}


def test_the_processor_is_named_where_the_system_tells(tmp_path: Path) -> None:
    assert processor_name(tmp_path) == ""
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text("processor\t: 0\nmodel name\t: Fast: 9000\n")
    assert processor_name(tmp_path) == "Fast: 9000"


async def test_events_say_what_became_of_an_answer(endpoint: Any) -> None:
    told: list[Outcome] = []
    async with endpoint("one\ntwo") as e:
        e.service.outcomes.on_outcome(told.append)
        kept: list[Record] = []
        e.service.outcomes.keep_with(kept.append)
        answer_id = (await e.client.post("/v1/completions", json=BODY)).json()["id"]
        for event in ({"type": "view", "view_id": "v", "elapsed": 3}, {"type": "select", "elapsed": 9}):
            body = {"completion_id": answer_id, "choice_index": 0, **event}
            response = await e.client.post("/v1/events", json=body)
            assert (response.status_code, response.content) == (200, b"")
        unknown = await e.client.post("/v1/events", json={"type": "dismiss", "completion_id": "x", "choice_index": 0})
    assert unknown.status_code == 200
    assert told == [
        Outcome(answer_id, "view", True),
        Outcome(answer_id, "select", True),
        Outcome("x", "dismiss", False),
    ]
    assert e.service.outcomes.counts == {"view": 1, "select": 1, "dismiss": 0}
    assert [(record.characters, record.taken, record.is_whole) for record in kept] == [(7, 0, False), (7, 7, True)]
    assert {record.language for record in kept} == {"python"}


@pytest.mark.parametrize(
    "body", [{}, {"type": "view"}, {"type": "chat", "completion_id": "x"}, {"type": "view", "completion_id": 5}]
)
async def test_an_event_that_says_nothing_is_refused(endpoint: Any, body: dict[str, Any]) -> None:
    async with endpoint() as e:
        assert (await e.client.post("/v1/events", json=body)).status_code == 400


def test_the_first_line_alone_may_be_taken_and_the_rest_later() -> None:
    clock = iter(range(100, 200))
    kept: list[Record] = []
    outcomes = Outcomes(clock=lambda: float(next(clock)))
    outcomes.keep_with(kept.append)
    outcomes.given("a", "one\ntwo", "go", 12.345)
    event = read_tabby_event({"type": "select", "completion_id": "a", "choice_index": 0}, "line")
    outcomes.tell(event.completion_id, event.what, is_line=event.is_line)
    outcomes.tell("a", "select")
    assert kept == [
        Record("a", 100.0, "go", 7, 12.35, taken=3, accepted_at=101.0),
        Record("a", 100.0, "go", 7, 12.35, taken=7, is_whole=True, accepted_at=101.0),
    ]


def test_only_the_last_answers_can_be_told_of() -> None:
    outcomes = Outcomes(kept=2)
    for name in "abc":
        outcomes.given(name, "x", "go", 1.0)
        outcomes.tell("a", "view")
    assert outcomes.counts["view"] == 2


@pytest.mark.parametrize("is_wanted", [True, False])
def test_outcomes_are_in_the_users_statistics(tmp_path: Path, is_wanted: bool) -> None:
    file = tmp_path / "statistics.sqlite"
    outcomes = Outcomes()
    with counted(outcomes, file, lambda: is_wanted):
        outcomes.given("a", "one", "go", 1.0)
        outcomes.tell("a", "select")
    total = make_report(StatisticsStore(file).read(0.0)).total
    assert (total.shown, total.accepted) == ((1, 1) if is_wanted else (0, 0))
