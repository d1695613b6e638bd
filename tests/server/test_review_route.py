from __future__ import annotations

import asyncio
import json
import subprocess
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from codeassist.assistant import Assistant, open_index
from codeassist.chat.scripted_endpoint import ScriptedEndpoint
from codeassist.engine.scripted import ScriptedEngine
from codeassist.errors import EngineCrashed
from codeassist.findings.types import Finding
from codeassist.review.asked import REVIEW_PATH, Asked, answer_from_json, asked_to_json
from codeassist.review.passes.model import model_review_pass
from codeassist.review.passes.types import Found, Pass, PassName, Review
from codeassist.server.protocol import OWN_STATE
from codeassist.server.review import AT_ONCE, review_routes
from codeassist.server.service import Service
from codeassist.settings import IndexSettings, Settings
from codeassist.types import Priority
from tests.engine.asking import until
from tests.engine.loopback import serving
from tests.server.test_listening import Life, own

CONFLICT = "<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> other\n"


def git(root: Path, *arguments: str) -> None:
    named = ["-c", "user.name=a", "-c", "user.email=a@localhost", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(root), *named, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repo"
    root.mkdir()
    git(root, "init", "-q")
    (root / "a.py").write_text("def area(radius):\n    return radius\n")
    git(root, "add", ".")
    git(root, "commit", "-qm", "one")
    return root


@pytest.fixture
def assistant(repository: Path, tmp_path: Path) -> Assistant:
    index = IndexSettings(vectors=False, dependencies=False, directory=str(tmp_path / "indexes"))
    settings = replace(Settings(), index=index)
    return Assistant(settings, repository, ScriptedEngine(), open_index(index, repository))


@pytest.fixture
async def ask(assistant: Assistant, tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """A request through the socket of the user's own processes: status and JSON."""
    life = Life(assistant, tmp_path / "run")
    await life.ready.wait()
    transport = httpx.AsyncHTTPTransport(uds=own(life).socket)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:

        async def asked(**changes: object) -> tuple[int, dict[str, Any]]:
            body = asked_to_json(Asked(str(assistant.workspace), 20.0)) | changes
            response = await client.post(REVIEW_PATH, content=json.dumps(body))
            return response.status_code, response.json()

        yield asked
    await life.end()


async def test_what_is_staged_is_reviewed(ask: Callable[..., Any], repository: Path) -> None:
    (repository / "b.py").write_text(CONFLICT)
    assert answer_from_json((await ask())[1]).report.n_files == 0
    git(repository, "add", "b.py")
    (repository / "b.py").write_text("x = 1\n")
    status, value = await ask(passes=["static"])
    answer = answer_from_json(value)
    assert status == 200
    assert [(one.path, one.category) for one in answer.report.findings] == [("b.py", "merge-conflict")]
    assert [one.name for one in answer.report.passes] == ["static"]
    assert answer.fail_on == "error"
    assert answer.report.is_complete


async def test_the_index_that_git_is_about_to_commit_is_reviewed(
    ask: Callable[..., Any], repository: Path, tmp_path: Path
) -> None:
    (repository / "b.py").write_text(CONFLICT)
    git(repository, "add", "b.py")
    other = repository / ".git" / "next-index-1.lock"
    other.write_bytes((repository / ".git" / "index").read_bytes())
    git(repository, "rm", "-q", "--cached", "b.py")
    assert answer_from_json((await ask())[1]).report.findings == ()
    found = answer_from_json((await ask(index_file=str(other)))[1]).report.findings
    assert [one.path for one in found] == ["b.py"]


async def test_the_name_of_a_file_need_not_be_utf8(ask: Callable[..., Any], repository: Path) -> None:
    (repository / "b\udcff.py").write_text(CONFLICT)
    git(repository, "add", ".")
    assert [one.path for one in answer_from_json((await ask())[1]).report.findings] == ["b\udcff.py"]


async def test_another_folder_is_refused_for_its_index_is_another(
    ask: Callable[..., Any], repository: Path, tmp_path: Path
) -> None:
    git(repository, "worktree", "add", "-q", str(tmp_path / "second"), "-b", "second")
    (tmp_path / "link").symlink_to(repository)
    assert (await ask(workspace=str(tmp_path / "link")))[0] == 200
    for folder in (tmp_path / "second", tmp_path / "gone", repository.parent):
        status, value = await ask(workspace=str(folder))
        assert (status, value["error"]["code"]) == (409, "other_workspace")
        assert str(repository) in value["error"]["message"]


BAD: list[tuple[dict[str, object], str]] = [
    ({"workspace": "repo"}, "'workspace' must be an absolute path"),
    ({"workspace": 7}, "'workspace' must be a text"),
    ({"workspace": "/a\0b"}, "'workspace' must be an absolute path"),
    ({"index_file": ".git/index"}, "'index_file' must be an absolute path"),
    ({"max_seconds": 0}, "'max_seconds' must be a number of seconds up to 600"),
    ({"max_seconds": 601}, "'max_seconds' must be a number of seconds up to 600"),
    ({"passes": ["lint"]}, "there is no pass 'lint'; there are static"),
    ({"passes": "static"}, "'passes' must be a list of texts"),
    ({"diff": "x"}, "unknown field 'diff'"),
]


@pytest.mark.parametrize(("changes", "message"), BAD)
async def test_a_request_that_is_not_understood_is_refused(
    ask: Callable[..., Any], changes: dict[str, object], message: str
) -> None:
    status, value = await ask(**changes)
    assert status == 400
    assert message in value["error"]["message"]


async def test_where_git_cannot_tell_what_is_staged_that_is_the_answer(
    ask: Callable[..., Any], repository: Path
) -> None:
    (repository / ".git" / "index").write_bytes(b"no index")
    status, value = await ask()
    assert (status, value["error"]["code"]) == (422, "review_impossible")


async def test_nobody_asks_but_the_users_own_processes(endpoint: Any, tmp_path: Path) -> None:
    async with endpoint() as e:
        response = await e.client.post(REVIEW_PATH, json=asked_to_json(Asked(str(tmp_path), 1.0)))
    assert (response.status_code, response.json()["error"]["code"]) == (403, "not_own")
    assert "codeassist review" in response.json()["error"]["message"]


class Owned:
    """Every request comes through the socket of the user's own processes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})[OWN_STATE] = True
        await self._app(scope, receive, send)


def application(assistant: Assistant, run: Pass) -> Any:
    return Owned(Starlette(routes=review_routes(Service(assistant), {"static": run})))


@pytest.fixture
def staged(repository: Path) -> Path:
    (repository / "b.py").write_text("x = 1\n")
    git(repository, "add", "b.py")
    return repository


async def test_a_client_that_leaves_ends_its_review_and_the_threads_of_it(assistant: Assistant, staged: Path) -> None:
    events: list[str] = []

    def work(review: Review) -> None:
        events.append("begun")
        while not review.deadline.is_over:
            threading.Event().wait(0.01)
        events.append("over")

    async def run(review: Review) -> Found:
        await asyncio.to_thread(work, review)
        return Found()

    async with serving(application(assistant, run)) as url:
        body = json.dumps(asked_to_json(Asked(str(staged), 500.0))).encode()
        _, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(f"POST {REVIEW_PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        writer.write(body)
        await until(lambda: events == ["begun"])
        writer.close()
        await until(lambda: events == ["begun", "over"])


async def test_an_engine_that_dies_costs_its_own_pass_and_nothing_else(assistant: Assistant, staged: Path) -> None:
    async def dies(review: Review) -> Found:
        raise EngineCrashed("the engine died while it was working")

    async def finds(review: Review) -> Found:
        return Found((Finding("1", "b.py", 1, 1, "error", "secret", "A key.", "b.py:1"),))

    passes: dict[PassName, Pass] = {"static": finds, "surprise": dies}
    app = Owned(Starlette(routes=review_routes(Service(assistant), passes)))
    async with serving(app) as url, httpx.AsyncClient(base_url=url, timeout=30) as client:
        value = (await client.post(REVIEW_PATH, json=asked_to_json(Asked(str(staged), 20.0)))).json()
    report = answer_from_json(value).report
    assert [one.category for one in report.findings] == ["secret"]
    assert [(one.name, one.note) for one in report.passes] == [
        ("static", ""),
        ("surprise", "the engine died while it was working"),
    ]
    assert not report.is_complete


async def test_a_review_asks_the_chat_model_of_the_server_after_everybody_else(
    assistant: Assistant, staged: Path
) -> None:
    (staged / "c.py").write_text("def halve(number):\n    return number * 2\n")
    git(staged, "add", "c.py")
    endpoint = ScriptedEndpoint()
    app = Owned(Starlette(routes=review_routes(Service(assistant, chat=endpoint))))
    async with serving(app) as url, httpx.AsyncClient(base_url=url, timeout=30) as client:
        body = asked_to_json(Asked(str(staged), 20.0, passes=("model",)))
        value = (await client.post(REVIEW_PATH, json=body)).json()
    assert [one.name for one in answer_from_json(value).report.passes] == ["model"]
    assert any("halve" in str(body["messages"]) for body in endpoint.asked)
    assert set(endpoint.priorities) == {Priority.REVIEW}


async def test_so_many_reviews_at_once_and_the_next_one_waits_for_as_long_as_it_has(
    assistant: Assistant, staged: Path
) -> None:
    running, most, gate = 0, 0, asyncio.Event()

    async def run(review: Review) -> Found:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await gate.wait()
        running -= 1
        return Found()

    async with (
        serving(application(assistant, run)) as url,
        httpx.AsyncClient(base_url=url, timeout=30) as client,
        asyncio.TaskGroup() as tasks,
    ):
        patient = [
            tasks.create_task(client.post(REVIEW_PATH, json=asked_to_json(Asked(str(staged), 60.0))))
            for _ in range(AT_ONCE + 1)
        ]
        await until(lambda: running == AT_ONCE)
        hasty = await client.post(REVIEW_PATH, json=asked_to_json(Asked(str(staged), 0.05)))
        gate.set()
        answers = [await task for task in patient]
    assert (hasty.status_code, hasty.json()["error"]["code"]) == (503, "too_many_reviews")
    assert [answer.status_code for answer in answers] == [200] * (AT_ONCE + 1)
    assert most == AT_ONCE


async def test_an_index_that_takes_too_long_proves_the_absence_of_nothing(assistant: Assistant, staged: Path) -> None:
    def found(category: Any) -> Finding:
        return Finding(category, "b.py", 1, 1, "warning", category, f"{category}.", "b.py:1")

    async def run(review: Review) -> Found:
        return Found((found("untested-change"), replace(found("secret"), id="other")))

    async def refresh(progress: object = None) -> Any:
        await asyncio.Event().wait()

    assistant.refresh = refresh
    async with serving(application(assistant, run)) as url, httpx.AsyncClient(base_url=url, timeout=30) as client:
        value = (await client.post(REVIEW_PATH, json=asked_to_json(Asked(str(staged), 0.4)))).json()
    report = answer_from_json(value).report
    assert [one.category for one in report.findings] == ["secret"]
    assert not report.is_complete
    assert "codeassist index" in report.notes[-1]


async def test_the_servers_own_chat_model_reads_the_change_after_everybody_else(
    assistant: Assistant, staged: Path
) -> None:
    claim = {"quote": "x = 1", "start_line": 1, "end_line": 1, "reason": "x is 2", "category": "bug"}
    findings = json.dumps({"findings": [claim | {"severity": "error", "confidence": 0.9, "replacement": ["x = 2"]}]})
    chat = ScriptedEndpoint([findings, json.dumps({"why": "it is", "quote": "x = 1  # 2", "verdict": "real"})])
    (staged / "b.py").write_text("x = 1  # 2\n")
    git(staged, "add", "b.py")
    app = Owned(Starlette(routes=review_routes(Service(assistant, chat=chat), {"model": model_review_pass})))
    async with serving(app) as url, httpx.AsyncClient(base_url=url, timeout=30) as client:
        value = (await client.post(REVIEW_PATH, json=asked_to_json(Asked(str(staged), 20.0)))).json()
    report = answer_from_json(value).report
    assert [one.message for one in report.findings] == ["x is 2"], report.passes
    assert chat.priorities == [Priority.REVIEW, Priority.REVIEW]
    assert [body["response_format"]["json_schema"]["name"] for body in chat.asked] == ["findings", "verdict"]
