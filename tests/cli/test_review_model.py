"""`codeassist review` with a chat model on a real server, which says what a test wants."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Outcome, Shell
from tests.e2e.scripted_chat import ScriptedChat, scripted_chat

CHANGED = "def total_area(circles):\n    return sum(circle.area() for circle in circles[1:])\n"
CLAIM = {
    "quote": "return sum(circle.area() for circle in circles[1:])",
    "start_line": 2,
    "end_line": 2,
    "reason": "the first circle is left out",
    "category": "bug",
    "severity": "error",
    "confidence": 0.9,
    "replacement": ["    return sum(circle.area() for circle in circles)"],
}
ASKING, JUDGING = "Which faults does this change bring in?", "Is the claim real?"
FINDINGS = json.dumps({"findings": [CLAIM]})
REAL = json.dumps({"why": "the slice begins at 1", "quote": "circles[1:]", "verdict": "real"})


@pytest.fixture
def chat() -> Iterator[ScriptedChat]:
    with scripted_chat() as chat:
        chat.answers = {ASKING: FINDINGS, JUDGING: REAL}
        yield chat


@pytest.fixture
def staged(shell: Shell) -> Shell:
    git(shell.cwd, "init", "-q")
    git(shell.cwd, "add", ".")
    git(shell.cwd, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "base")
    (shell.cwd / "main.py").write_text(CHANGED)
    git(shell.cwd, "add", ".")
    return shell


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", root, *arguments], check=True, capture_output=True)


def review(shell: Shell, chat: ScriptedChat) -> Outcome:
    shell.environ |= {"CODEASSIST_CHAT_URL": chat.url, "CODEASSIST_REVIEW_PASSES": '["model"]'}
    return shell.run("review", "--json")


def model_pass(outcome: Outcome) -> Any:
    (one,) = outcome.json["passes"]
    return one


def test_a_finding_comes_from_the_server_to_the_report(staged: Shell, chat: ScriptedChat) -> None:
    outcome = review(staged, chat)
    assert outcome.code == 0, outcome.err
    (finding,) = outcome.json["findings"]
    assert (finding["path"], finding["start_line"], finding["category"]) == ("main.py", 2, "bug")
    assert (finding["message"], finding["found_by"]) == ("the first circle is left out", "model")
    assert finding["replacement"]["text"] == "    return sum(circle.area() for circle in circles)"
    first, second = chat.asked
    assert first["response_format"]["json_schema"]["name"] == "findings"
    assert second["response_format"]["json_schema"]["name"] == "verdict"
    assert (first["temperature"], first["stream"]) == (0, True)
    assert "the first circle is left out" in staged.run("review").out


def test_a_server_without_schemas_is_told_of_once(staged: Shell, chat: ScriptedChat) -> None:
    chat.refused = ("response_format",)
    chat.answers[ASKING] = f"Here is what I found.\n```json\n{FINDINGS}\n```"
    outcome = review(staged, chat)
    assert len(outcome.json["findings"]) == 1
    assert model_pass(outcome)["note"].count("does not bind answers to a JSON schema") == 1
    assert "response_format" not in chat.asked[-1]


def test_a_server_that_dies_in_the_middle_is_a_note(staged: Shell, chat: ScriptedChat) -> None:
    chat.breaks_off = (JUDGING,)
    outcome = review(staged, chat)
    assert (outcome.code, outcome.json["findings"], outcome.json["is_complete"]) == (0, [], False)
    assert "1 of 1 parts of the change were not read to the end: " in model_pass(outcome)["note"]


def test_nobody_at_the_address_is_a_note(staged: Shell, chat: ScriptedChat) -> None:
    chat.url = "http://127.0.0.1:1/v1"
    outcome = review(staged, chat)
    assert (outcome.code, outcome.json["findings"]) == (0, [])
    assert "cannot be reached" in model_pass(outcome)["note"]


def test_no_chat_model_is_a_short_note(staged: Shell) -> None:
    outcome = staged.run("review")
    assert outcome.code == 0
    assert "no chat model is configured" in outcome.out
    assert "chat.url" in outcome.out


def test_a_repository_cannot_choose_where_its_code_is_sent(staged: Shell, chat: ScriptedChat) -> None:
    (staged.cwd / "codeassist.toml").write_text(f'[chat]\nurl = "{chat.url}"\n[review]\nprompt_tokens = 9000\n')
    outcome = staged.run("review", "--json")
    assert outcome.code == 0
    assert "chat.url" in outcome.err
    assert "review.prompt_tokens" in outcome.err
    assert chat.asked == []


def test_a_question_has_a_least_length(staged: Shell, chat: ScriptedChat) -> None:
    staged.environ["CODEASSIST_REVIEW_PROMPT_TOKENS"] = "10"
    outcome = review(staged, chat)
    assert outcome.code != 0
    assert "review.prompt_tokens" in outcome.json["error"]["message"]
    assert chat.asked == []
