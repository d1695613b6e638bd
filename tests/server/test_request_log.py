"""The request log: a line for each request that ended, no texts unless asked for, bounded, and never in the way."""

from __future__ import annotations

import json
import logging
import stat
from pathlib import Path
from typing import Any

import pytest

from codeassist.server.caller import Caller
from codeassist.server.journal import Journal
from codeassist.server.request_log import RequestLog
from codeassist.types import ContextReport, FimRequest, Source, Usage

ASKED = FimRequest("1", "def secret(", "):\n")


def ended(journal: Journal, n_requests: int = 1) -> None:
    for number in range(n_requests):
        entry = journal.open(str(number), "/v1/completions", Caller(key="anna"), "small", is_streamed=True)
        entry.asks(ASKED)
        entry.note(context=ContextReport("a.py", (Source("b.py", 1, 9, "import", 20),), 20, ms=3.0))
        entry.note(usage=Usage(100, 60, 4), finish_reason="stop")
        entry.mark("first_token")
        entry.hear("answer")
        entry.end("done")


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_each_ended_request_is_one_line_without_texts(tmp_path: Path) -> None:
    journal, log = Journal(), RequestLog(tmp_path / "requests.jsonl")
    journal.on_change(log.put)
    ended(journal, 2)
    journal.open("still running", "/v1/completions", Caller(), "small")
    log.close()
    first, second = lines(tmp_path / "requests.jsonl")
    assert (first["id"], second["id"]) == ("0", "1")
    assert (first["client"], first["state"], first["finish_reason"]) == ("anna", "done", "stop")
    assert first["usage"] == {"prompt_tokens": 100, "cached_tokens": 60, "completion_tokens": 4}
    assert first["context"]["sources"][0]["path"] == "b.py"
    assert set(first["ms"]) == {"first_token", "total"}
    assert "secret" not in (tmp_path / "requests.jsonl").read_text(encoding="utf-8")


def test_texts_are_written_where_they_are_asked_for(tmp_path: Path) -> None:
    journal, log = Journal(), RequestLog(tmp_path / "requests.jsonl")
    journal.on_answer(log.put_with_texts)
    ended(journal)
    log.close()
    (line,) = lines(tmp_path / "requests.jsonl")
    assert (line["asked"]["prefix"], line["asked"]["suffix"], line["answer"]) == ("def secret(", "):\n", "answer")


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    journal, log = Journal(), RequestLog(tmp_path / "requests.jsonl")
    journal.on_change(log.put)
    ended(journal)
    log.close()
    assert stat.S_IMODE((tmp_path / "requests.jsonl").stat().st_mode) == 0o600


def test_full_files_are_put_aside_and_the_oldest_goes(tmp_path: Path) -> None:
    journal, log = Journal(), RequestLog(tmp_path / "log", max_bytes=1, n_old_files=2)
    journal.on_change(log.put)
    ended(journal, 5)
    log.close()
    kept = {path.name: [line["id"] for line in lines(path)] for path in tmp_path.iterdir()}
    assert kept == {"log": ["4"], "log.1": ["3"], "log.2": ["2"]}


def test_an_earlier_servers_lines_stay(tmp_path: Path) -> None:
    for _ in range(2):
        journal, log = Journal(), RequestLog(tmp_path / "log")
        journal.on_change(log.put)
        ended(journal)
        log.close()
    assert len(lines(tmp_path / "log")) == 2


def test_what_cannot_be_written_is_one_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    journal, log = Journal(), RequestLog(tmp_path / "missing" / "log")
    journal.on_change(log.put)
    with caplog.at_level(logging.WARNING):
        ended(journal, 3)
        log.close()
    (warning,) = caplog.records
    assert "log.requests" in warning.getMessage()
    assert str(tmp_path / "missing" / "log") in warning.getMessage()


def test_closing_twice_is_fine(tmp_path: Path) -> None:
    log = RequestLog(tmp_path / "log")
    log.close()
    log.close()
    assert not (tmp_path / "log").exists()
