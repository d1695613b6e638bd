"""The journal: what is kept of requests, who is told, and that texts are gathered only where somebody wants them."""

from __future__ import annotations

from codeassist.server.caller import Caller
from codeassist.server.journal import Entry, Exchange, Journal, Record
from codeassist.types import FimRequest, GenerationRequest, Usage

CALLER = Caller(program="continue", address="127.0.0.1")
ASKED = FimRequest("1", "def f(", "):\n")


def opened(journal: Journal, request_id: str = "1") -> Entry:
    return journal.open(request_id, "/v1/completions", CALLER, "small")


def test_a_listener_hears_the_beginning_and_the_end_and_nothing_between() -> None:
    journal, heard = Journal(), list[Record]()
    journal.on_change(heard.append)
    entry = opened(journal)
    entry.note(usage=Usage(10, 5, 1))
    entry.mark("first_token")
    entry.end("done")
    assert [record.state for record in heard] == ["running", "done"]
    assert heard[-1].usage == Usage(10, 5, 1)
    assert set(heard[-1].ms) == {"first_token", "total"}


def test_only_the_first_end_counts() -> None:
    journal = Journal()
    entry = opened(journal)
    entry.end("superseded")
    entry.end("left")
    entry.note(message="too late")
    assert [(record.state, record.message) for record in journal.ended] == [("superseded", "")]
    assert journal.running == ()


def test_no_more_than_so_many_ended_requests_are_kept() -> None:
    journal = Journal(kept=2)
    for number in range(3):
        opened(journal, str(number)).end("done")
    assert [record.id for record in journal.ended] == ["1", "2"]


def test_stages_add_up_to_no_more_than_the_total() -> None:
    entry = opened(Journal())
    entry.mark("context")
    entry.mark("first_token")
    entry.end("done")
    ms = entry.record.ms
    assert ms["context"] + ms["first_token"] <= ms["total"]


def test_texts_are_handed_over_when_the_request_has_ended() -> None:
    journal, heard = Journal(), list[tuple[str, Exchange]]()
    journal.on_answer(lambda record, exchange: heard.append((record.state, exchange)))
    entry = opened(journal)
    entry.asks(ASKED)
    entry.hear("a, ")
    entry.hear("b")
    assert heard == []
    entry.end("done")
    entry.end("left")
    assert heard == [("done", Exchange(ASKED, "a, b"))]


def test_without_a_listener_no_text_is_gathered() -> None:
    entry = opened(Journal())
    entry.asks(GenerationRequest("1", "secret prompt", 5))
    entry.hear("secret answer")
    entry.end("done")
    assert "secret" not in repr(vars(entry))
