"""What `codeassist serve` says to the person who starts it."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from codeassist.commands.front import process_front
from codeassist.commands.serve import Announcer
from codeassist.types import EngineStatus

URL = "https://127.0.0.1:8311"


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def announcer(out: io.StringIO) -> Announcer:
    front = process_front(Path())
    front.stdout.close()
    return Announcer(replace(front, stdout=out), Path("/home/anna/shop"), as_json=False)


def test_the_addresses_for_clients_and_for_a_browser_are_told(announcer: Announcer, out: io.StringIO) -> None:
    announcer.listening(URL, wants_key=True)
    first, client, browser = out.getvalue().splitlines()
    assert URL in first
    assert f"{URL}/v1 " in client
    assert "API key" in client
    assert f"{URL}/ui" in browser


@pytest.mark.parametrize("message", ["", "small"])
def test_a_model_that_is_ready_is_named(announcer: Announcer, out: io.StringIO, message: str) -> None:
    announcer.ready(URL, "small", EngineStatus("ready", message), 2.04)
    assert out.getvalue() == "small is ready after 2.0 s; Ctrl-C ends it\n"


def test_a_program_that_starts_the_server_is_told_who_stands_in(announcer: Announcer, out: io.StringIO) -> None:
    status = EngineStatus("ready", "small stands in: the GPU is full", stand_in="small")
    replace(announcer, as_json=True).ready(URL, "large", status, 10.3)
    answer = json.loads(out.getvalue())
    assert (answer["model"], answer["stand_in"]) == ("large", "small")
    assert answer["message"] == "small stands in: the GPU is full"


def test_a_server_that_is_away_is_not_said_to_be_ready(announcer: Announcer, out: io.StringIO) -> None:
    announcer.ready(URL, "large", EngineStatus("ready", "small stands in: large cannot be reached [1]"), 10.3)
    told = "the engine is ready after 10.3 s: small stands in: large cannot be reached [1]; Ctrl-C ends it\n"
    assert out.getvalue() == told
