"""A review through the protocol: what is shown, how it goes along with edits, and what is applied or dismissed."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from editor import CAPABILITIES, Editor
from lsp_client import ResponseError, insertion, replacement, span
from lsp_session import Session, connected

from codeassist.assistant import Assistant, open_assistant
from codeassist.engine.scripted import ScriptedEngine
from codeassist.findings.types import Finding, Replacement
from codeassist.review.passes.model import NOT_CONFIGURED
from codeassist.review.passes.types import Found, Review
from codeassist.review.report import PassReport, Report
from codeassist.settings import IndexSettings, Settings
from lsp.reviewing import summary

PUBLISH = "textDocument/publishDiagnostics"
SHOP = "def price_of(order):\n    return order\n"
MAIN = "from shop import price_of\n\n\ndef main():\n    return price_of(1)\n"
CHANGED = MAIN.replace("price_of(1)", "price_of(2)")
FINDING = Finding(
    "f1", "main.py", 5, 5, "warning", "surprise", "`2` is unlikely here", "shop.py:1",
    confidence=0.9, found_by="surprise", replacement=Replacement(5, 5, "    return price_of(1)"),
)  # fmt: skip


def git(folder: Path, *arguments: str) -> None:
    names = ("-c", "user.name=a", "-c", "user.email=a@localhost")
    subprocess.run(["git", "-C", str(folder), *names, *arguments], check=True, capture_output=True, timeout=60)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "shop.py").write_text(SHOP)
    (folder / "main.py").write_text(MAIN)
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "begin")
    return folder


@dataclass
class Pass:
    """A pass that finds what a test expects wherever somebody calls for a price of 2; a test may hold it.

    asked: the reviews that it was asked for, and n_ended: how many of them came to an end.
    """

    findings: dict[str, Finding] = field(default_factory=lambda: {"main.py": FINDING})
    asked: list[Review] = field(default_factory=list)
    n_ended: int = 0
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    hold: asyncio.Event | None = None

    async def __call__(self, review: Review) -> Found:
        self.asked.append(review)
        self.begun.set()
        if (hold := self.hold) is not None:
            await hold.wait()
        self.n_ended += 1
        texts = {file.path: file.new_text or "" for file in review.readable}
        return Found(tuple(one for path, one in self.findings.items() if "price_of(2)" in texts.get(path, "")))


@pytest.fixture(autouse=True)
def surprise(monkeypatch: pytest.MonkeyPatch) -> Pass:
    made = Pass()
    monkeypatch.setattr("lsp.reviewing.PASSES", {"surprise": made})
    return made


@pytest.fixture
async def session(repository: Path, tmp_path: Path) -> AsyncIterator[Session]:
    async with connected(assistant_of(repository, tmp_path / "index")) as made:
        made.server.diagnostics.sleep = no_pause
        await made.ready(CAPABILITIES, rootUri=repository.as_uri())
        yield made


def assistant_of(folder: Path, index: Path) -> Assistant:
    settings = Settings(index=IndexSettings(directory=str(index), vectors=False))
    return open_assistant(settings, folder, engine=ScriptedEngine())


async def no_pause(_: float) -> None:
    """Nobody types in a test."""


async def told(session: Session, uri: str, n: int) -> dict[str, Any]:
    found = await session.client.notification(
        PUBLISH, lambda params: params["uri"] == uri and len(params["diagnostics"]) == n
    )
    assert isinstance(found, dict)
    return found


async def run(session: Session, command: str, **argument: Any) -> Any:
    params = {"command": f"codeassist.{command}", "arguments": [argument] if argument else []}
    return await session.client.request("workspace/executeCommand", params)


async def actions(session: Session, uri: str, diagnostic: dict[str, Any]) -> list[dict[str, Any]]:
    params = {
        "textDocument": {"uri": uri},
        "range": diagnostic["range"],
        "context": {"diagnostics": [diagnostic], "only": ["quickfix"]},
    }
    found = await session.client.request("textDocument/codeAction", params)
    return [action for action in found if action["command"]["command"] != "codeassist.fix"]


async def test_a_finding_is_shown_in_a_file_that_is_not_open(session: Session, repository: Path) -> None:
    (repository / "main.py").write_text(CHANGED)
    assert await run(session, "review") == {"findings": 1, "files": 1}
    found = await told(session, (repository / "main.py").as_uri(), 1)
    assert found["diagnostics"][0]["range"] == span((4, 4), (4, 22))
    assert found["diagnostics"][0]["severity"] == 2
    assert found["diagnostics"][0]["relatedInformation"][0]["location"]["uri"] == (repository / "shop.py").as_uri()
    message = await session.client.notification("window/showMessage", lambda params: "finding" in params["message"])
    assert "1 finding in 1 changed file" in message["message"]


async def test_the_code_of_other_places_is_shown_beside_a_finding(
    session: Session, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def static(review: Review) -> Found:
        return Found((replace(FINDING, places=("shop.py:2", "main.py:5", "gone.py:9")),))

    monkeypatch.setattr("lsp.reviewing.PASSES", {"static": static})
    (repository / "main.py").write_text(CHANGED)
    await run(session, "review")
    found = await told(session, (repository / "main.py").as_uri(), 1)
    shown = [one["message"] for one in found["diagnostics"][0]["relatedInformation"]]
    assert shown == ["return order", "return price_of(2)", "gone.py"]


async def test_nothing_changed_is_told(session: Session) -> None:
    await run(session, "review")
    message = await session.client.notification("window/showMessage", lambda params: True)
    assert "nothing has changed since the last commit" in message["message"]


async def test_the_next_review_takes_back_what_is_mended(session: Session, repository: Path) -> None:
    (repository / "main.py").write_text(CHANGED)
    await run(session, "review")
    await told(session, (repository / "main.py").as_uri(), 1)
    (repository / "main.py").write_text(CHANGED.replace("(2)", "(3)"))
    await run(session, "review")
    await told(session, (repository / "main.py").as_uri(), 0)


async def test_a_finding_goes_along_with_its_line_and_is_applied_there(session: Session, repository: Path) -> None:
    (repository / "main.py").write_text(CHANGED)
    uri = (repository / "main.py").as_uri()
    editor = Editor(session.client)
    editor.open(uri, CHANGED)
    await run(session, "review")
    await told(session, uri, 1)
    session.client.change(uri, 2, insertion(0, 0, "import os\n"))
    editor.texts[uri], editor.versions[uri] = f"import os\n{CHANGED}", 2
    moved = await session.client.notification(
        PUBLISH, lambda one: one["uri"] == uri and [d["range"]["start"]["line"] for d in one["diagnostics"]] == [5]
    )
    found = await actions(session, uri, moved["diagnostics"][0])
    assert [action["title"] for action in found] == ["Change to `return price_of(1)`", "Dismiss: `2` is unlikely here"]
    await run(session, "applyFinding", **found[0]["command"]["arguments"][0])
    assert editor.texts[uri] == f"import os\n{MAIN}"
    session.client.change(uri, 3, replacement((5, 0), (5, 22), "    return price_of(1)"))
    await told(session, uri, 0)


async def test_a_line_that_is_edited_has_no_finding_any_more(session: Session, repository: Path) -> None:
    (repository / "main.py").write_text(CHANGED)
    uri = (repository / "main.py").as_uri()
    session.client.open(uri, CHANGED)
    await run(session, "review")
    await told(session, uri, 1)
    session.client.change(uri, 2, insertion(4, 4, "x = "))
    await told(session, uri, 0)
    await run(session, "applyFinding", uri=uri, id="f1")
    message = await session.client.notification("window/showMessage", lambda one: "remedy" in one["message"])
    assert "not there any more" in message["message"]


async def test_what_is_dismissed_is_remembered(session: Session, repository: Path) -> None:
    (repository / "main.py").write_text(CHANGED)
    uri = (repository / "main.py").as_uri()
    await run(session, "review")
    await told(session, uri, 1)
    await run(session, "dismissFinding", uri=uri, id="f1")
    await told(session, uri, 0)
    baseline = json.loads((repository / ".codeassist" / "review-baseline.json").read_text())
    assert [entry["id"] for entry in baseline["dismissed"]] == ["f1"]
    await run(session, "review")
    message = await session.client.notification("window/showMessage", lambda one: "nothing found" in one["message"])
    assert message


async def test_closing_a_document_keeps_what_a_review_found(session: Session, repository: Path) -> None:
    (repository / "main.py").write_text(CHANGED)
    uri = (repository / "main.py").as_uri()
    session.client.open(uri, CHANGED)
    await run(session, "review")
    await told(session, uri, 1)
    session.client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    found = await session.client.notification(PUBLISH, lambda one: one["uri"] == uri and "version" not in one)
    assert len(found["diagnostics"]) == 1


async def test_a_folder_that_is_no_repository_is_told(session: Session, repository: Path) -> None:
    (repository / ".git").rename(repository / "not-git")
    await run(session, "review")
    message = await session.client.notification("window/showMessage", lambda one: True)
    assert "no git repository" in message["message"]


async def test_a_save_is_reviewed_where_that_is_wanted(
    session: Session, repository: Path, monkeypatch: pytest.MonkeyPatch, surprise: Pass
) -> None:
    monkeypatch.setattr("lsp.reviewing.QUIET_S", 0.0)
    monkeypatch.setattr("lsp.reviewing.ON_SAVE", ("surprise",))
    uri = (repository / "main.py").as_uri()
    session.client.open(uri, CHANGED)
    (repository / "main.py").write_text(CHANGED)
    session.client.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
    await session.client.request("codeassist/status")
    assert not surprise.asked
    settings = session.assistant.settings
    session.assistant.settings = replace(settings, review=replace(settings.review, on_save=True))
    session.client.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
    await told(session, uri, 1)


def edited(repository: Path, text: str = CHANGED) -> str:
    """The address of main.py, with this text on the disk."""
    (repository / "main.py").write_text(text)
    return (repository / "main.py").as_uri()


def lines_told(session: Session, uri: str) -> list[list[int]]:
    """The lines of all findings that were told of a file, one list for each message."""
    sent = [note["params"] for note in session.client.notifications if note["method"] == PUBLISH]
    return [[one["range"]["start"]["line"] for one in params["diagnostics"]] for params in sent if params["uri"] == uri]


def begun(session: Session, command: str, **argument: Any) -> asyncio.Future[Any]:
    """A command that runs on; its result to come."""
    params = {"command": f"codeassist.{command}", "arguments": [argument] if argument else []}
    return session.client.ask("workspace/executeCommand", params)[1]


async def test_of_two_reviews_the_later_counts(session: Session, repository: Path, surprise: Pass) -> None:
    uri = edited(repository)
    surprise.hold = asyncio.Event()
    first = begun(session, "review")
    await session.client.within(surprise.begun.wait())
    surprise.hold = None
    assert await run(session, "review") == {"findings": 1, "files": 1}
    assert await session.client.within(first) is None
    assert (len(surprise.asked), surprise.n_ended) == (2, 1)
    await told(session, uri, 1)


async def test_a_review_ends_with_its_progress(session: Session, repository: Path, surprise: Pass) -> None:
    uri = edited(repository)
    surprise.hold = asyncio.Event()
    running = begun(session, "review")
    await session.client.within(surprise.begun.wait())
    shown = await session.client.notification("$/progress", lambda one: "reviewing" in str(one["value"].get("title")))
    assert shown["value"]["cancellable"] is True
    session.client.notify("window/workDoneProgress/cancel", {"token": shown["token"]})
    assert await session.client.within(running) is None
    assert surprise.n_ended == 0
    surprise.hold = None
    assert await run(session, "review") == {"findings": 1, "files": 1}
    await told(session, uri, 1)


async def test_a_review_ends_with_its_request(session: Session, repository: Path, surprise: Pass) -> None:
    edited(repository)
    surprise.hold = asyncio.Event()
    number, answer = session.client.ask("workspace/executeCommand", {"command": "codeassist.review", "arguments": []})
    await session.client.within(surprise.begun.wait())
    session.client.notify("$/cancelRequest", {"id": number})
    with pytest.raises(ResponseError, match="-32800"):
        await session.client.within(answer)
    surprise.hold = None
    assert await run(session, "review") == {"findings": 1, "files": 1}
    assert (len(surprise.asked), surprise.n_ended) == (2, 1)


async def test_what_is_typed_while_a_review_runs_moves_its_findings(
    session: Session, repository: Path, surprise: Pass
) -> None:
    uri = edited(repository)
    session.client.open(uri, CHANGED)
    surprise.hold = asyncio.Event()
    running = begun(session, "review")
    await session.client.within(surprise.begun.wait())
    session.client.change(uri, 2, insertion(0, 0, "import os\n"))
    surprise.hold.set()
    await session.client.within(running)
    assert (await told(session, uri, 1))["version"] == 2
    assert lines_told(session, uri) == [[5]]


async def test_a_document_that_is_closed_while_a_review_runs_has_its_findings(
    session: Session, repository: Path, surprise: Pass
) -> None:
    uri = edited(repository)
    session.client.open(uri, f"# not saved\n{CHANGED}")
    surprise.hold = asyncio.Event()
    surprise.findings = {"main.py": replace(FINDING, start_line=6, end_line=6, replacement=None)}
    running = begun(session, "review")
    await session.client.within(surprise.begun.wait())
    session.client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    surprise.hold.set()
    await session.client.within(running)
    assert "version" not in await told(session, uri, 1)
    assert lines_told(session, uri) == [[4]]


async def test_what_is_dismissed_while_a_review_runs_does_not_come_back(
    session: Session, repository: Path, surprise: Pass
) -> None:
    uri = edited(repository)
    await run(session, "review")
    await told(session, uri, 1)
    surprise.hold = asyncio.Event()
    running = begun(session, "review")
    await session.client.within(_is(lambda: len(surprise.asked) == 2))
    await run(session, "dismissFinding", uri=uri, id="f1")
    surprise.hold.set()
    assert await session.client.within(running) == {"findings": 0, "files": 1}
    await told(session, uri, 0)
    assert lines_told(session, uri) == [[4], []]


async def _is(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110  what is waited for is on the other side of the protocol
        await asyncio.sleep(0.01)


async def test_a_text_that_is_not_saved_counts_before_the_disk(session: Session, repository: Path) -> None:
    uri = (repository / "main.py").as_uri()
    session.client.open(uri, CHANGED)
    assert await run(session, "review") == {"findings": 1, "files": 1}
    assert (await told(session, uri, 1))["version"] == 1
    session.client.change(uri, 2, {"text": MAIN})
    edited(repository)
    assert await run(session, "review") == {"findings": 0, "files": 0}


async def test_a_remedy_goes_where_its_line_stands_when_it_is_wanted(session: Session, repository: Path) -> None:
    """Though what is shown still stands where the line was."""
    uri = edited(repository)
    editor = Editor(session.client)
    editor.open(uri, CHANGED)
    await run(session, "review")
    await told(session, uri, 1)
    may_look = asyncio.Event()

    async def pause(_: float) -> None:
        await may_look.wait()

    session.server.diagnostics.sleep = pause
    session.client.change(uri, 2, insertion(0, 0, "import os\n"))
    editor.texts[uri], editor.versions[uri] = f"import os\n{CHANGED}", 2
    await run(session, "applyFinding", uri=uri, id="f1")
    assert editor.texts[uri] == f"import os\n{MAIN}"
    may_look.set()


async def test_columns_and_line_ends_are_the_editors(session: Session, repository: Path, surprise: Pass) -> None:
    line = "    x = '😀'; return price_of(2)"
    text = CHANGED.replace("    return price_of(2)", line)
    column = line.index("2")
    remedy = Replacement(5, 5, line.replace("2", "1"))
    found = replace(FINDING, start_column=column, end_column=column + 1, replacement=remedy)
    surprise.findings = {"main.py": found}
    (repository / "main.py").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    uri = (repository / "main.py").as_uri()
    await run(session, "review")
    assert (await told(session, uri, 1))["diagnostics"][0]["range"] == span((4, column + 1), (4, column + 2))
    editor = Editor(session.client)
    editor.open(uri, text.replace("\n", "\r\n"))
    shown = await session.client.notification(PUBLISH, lambda one: one["uri"] == uri and one.get("version") == 1)
    assert shown["diagnostics"][0]["range"] == span((4, column + 1), (4, column + 2))
    await run(session, "applyFinding", uri=uri, id="f1")
    assert editor.texts[uri] == text.replace("(2)", "(1)").replace("\n", "\r\n")


async def test_a_line_that_is_taken_out_leaves_no_empty_one(session: Session, repository: Path, surprise: Pass) -> None:
    two = CHANGED.replace("main():\n", "main():\n    print(1)\n")
    remedied = replace(FINDING, start_line=6, end_line=6, replacement=Replacement(6, 6, ""))
    surprise.findings = {"main.py": remedied}
    uri = edited(repository, two)
    editor = Editor(session.client)
    editor.open(uri, two)
    await run(session, "review")
    shown = await told(session, uri, 1)
    titles = [action["title"] for action in await actions(session, uri, shown["diagnostics"][0])]
    assert titles[0] == "Remove `return price_of(2)`"
    await run(session, "applyFinding", uri=uri, id="f1")
    assert editor.texts[uri] == two.removesuffix("    return price_of(2)\n")


async def test_the_editors_address_of_a_file_is_the_one_that_counts(session: Session, repository: Path) -> None:
    uri = edited(repository)
    other = uri.replace("main", "m%61in")
    await run(session, "review")
    await told(session, uri, 1)
    session.client.open(other, CHANGED)
    assert (await told(session, other, 1))["version"] == 1
    assert lines_told(session, uri) == [[4], []]
    session.client.notify("textDocument/didClose", {"textDocument": {"uri": other}})
    await told(session, other, 0)
    await session.client.within(_is(lambda: lines_told(session, uri) == [[4], [], [4]]))


async def test_what_another_program_writes_moves_the_findings_of_a_file_that_is_not_open(
    session: Session, repository: Path
) -> None:
    uri = edited(repository)
    await run(session, "review")
    await told(session, uri, 1)
    edited(repository, f"import os\n{CHANGED}")
    changed = {"changes": [{"uri": uri, "type": 2}]}
    session.client.notify("workspace/didChangeWatchedFiles", changed)
    await session.client.within(_is(lambda: lines_told(session, uri) == [[4], [5]]))
    (repository / "main.py").unlink()
    session.client.notify("workspace/didChangeWatchedFiles", changed)
    await session.client.within(_is(lambda: lines_told(session, uri) == [[4], [5], []]))


async def test_a_folder_below_the_root_of_its_repository_is_reviewed_alone(repository: Path, tmp_path: Path) -> None:
    inner = repository / "inner"
    inner.mkdir()
    (inner / "main.py").write_text(CHANGED)
    edited(repository)
    async with connected(assistant_of(inner, tmp_path / "index")) as session:
        session.server.diagnostics.sleep = no_pause
        await session.ready(CAPABILITIES, rootUri=inner.as_uri())
        assert await run(session, "review") == {"findings": 1, "files": 1}
        await told(session, (inner / "main.py").as_uri(), 1)
        assert lines_told(session, (repository / "main.py").as_uri()) == []


async def test_a_folder_is_shown_under_the_name_that_the_editor_has_for_it(repository: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(repository)
    edited(repository)
    uri = (link / "main.py").as_uri()
    async with connected(assistant_of(link, tmp_path / "index")) as session:
        session.server.diagnostics.sleep = no_pause
        await session.ready(CAPABILITIES, rootUri=link.as_uri())
        assert await run(session, "review", uri=uri) == {"findings": 1, "files": 1}
        shown = await told(session, uri, 1)
        evidence = shown["diagnostics"][0]["relatedInformation"][0]["location"]["uri"]
        assert evidence == (link / "shop.py").as_uri()
        session.client.open(uri, f"import os\n{CHANGED}")
        await session.client.within(_is(lambda: lines_told(session, uri) == [[4], [5]]))


@pytest.fixture
async def two(repository: Path, tmp_path: Path, surprise: Pass) -> AsyncIterator[Session]:
    """A repository, and a folder of it that is open as well; the change is in both."""
    inner = repository / "inner"
    inner.mkdir()
    (inner / "main.py").write_text(CHANGED)
    edited(repository)
    surprise.findings["inner/main.py"] = replace(FINDING, id="f2", path="inner/main.py")
    async with connected(assistant_of(repository, tmp_path / "index")) as session:
        session.assistants[inner] = assistant_of(inner, tmp_path / "index2")
        session.server.diagnostics.sleep = no_pause
        folders = [{"uri": one.as_uri(), "name": one.name} for one in (repository, inner)]
        await session.ready(CAPABILITIES, workspaceFolders=folders)
        yield session


def folders_changed(session: Session, *, removed: Path) -> None:
    event = {"added": [], "removed": [{"uri": removed.as_uri(), "name": removed.name}]}
    session.client.notify("workspace/didChangeWorkspaceFolders", {"event": event})


async def test_each_folder_has_its_own_review(two: Session, repository: Path) -> None:
    outer_uri, inner_uri = ((repository / name).as_uri() for name in ("main.py", "inner/main.py"))
    assert await run(two, "review", uri=outer_uri) == {"findings": 1, "files": 2}
    await told(two, outer_uri, 1)
    assert lines_told(two, inner_uri) == []
    assert await run(two, "review", uri=inner_uri) == {"findings": 1, "files": 1}
    await told(two, inner_uri, 1)
    folders_changed(two, removed=repository / "inner")
    await told(two, inner_uri, 0)
    assert lines_told(two, outer_uri) == [[4]]


async def test_nobody_waits_for_the_review_of_a_folder_that_leaves(
    two: Session, repository: Path, surprise: Pass
) -> None:
    uri = (repository / "inner" / "main.py").as_uri()
    surprise.hold = asyncio.Event()
    running = begun(two, "review", uri=uri)
    await two.client.within(surprise.begun.wait())
    folder = two.server.backend.folder_of(repository / "inner" / "main.py")
    assert folder is not None
    folders_changed(two, removed=repository / "inner")
    assert await two.client.within(running) is None
    await two.client.within(_is(lambda: folder.assistant is None))
    assert lines_told(two, uri) == []


async def test_a_burst_of_saves_is_reviewed_once(
    session: Session, repository: Path, monkeypatch: pytest.MonkeyPatch, surprise: Pass
) -> None:
    monkeypatch.setattr("lsp.reviewing.QUIET_S", 0.05)
    monkeypatch.setattr("lsp.reviewing.ON_SAVE", ("surprise",))
    settings = session.assistant.settings
    session.assistant.settings = replace(settings, review=replace(settings.review, on_save=True))
    uri = edited(repository)
    session.client.open(uri, CHANGED)
    for _ in range(3):
        session.client.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
    await told(session, uri, 1)
    await session.client.within(_is(lambda: "reviewing what was saved" not in map(_name, asyncio.all_tasks())))
    assert len(surprise.asked) == 1


def _name(task: asyncio.Task[Any]) -> str:
    return task.get_name()


async def test_a_save_leaves_what_other_passes_have_found(
    session: Session, repository: Path, monkeypatch: pytest.MonkeyPatch, surprise: Pass
) -> None:
    static = Pass(findings={"main.py": replace(FINDING, id="f2", category="stale-call", found_by="static")})
    monkeypatch.setattr("lsp.reviewing.PASSES", {"surprise": surprise, "static": static})
    monkeypatch.setattr("lsp.reviewing.QUIET_S", 0.0)
    settings = session.assistant.settings
    session.assistant.settings = replace(settings, review=replace(settings.review, on_save=True))
    uri = edited(repository)
    session.client.open(uri, CHANGED)
    assert await run(session, "review") == {"findings": 2, "files": 1}
    await told(session, uri, 2)
    static.findings = {}
    session.client.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
    assert [one["code"] for one in (await told(session, uri, 1))["diagnostics"]] == ["surprise"]
    assert (len(surprise.asked), len(static.asked)) == (1, 2)


async def test_a_pass_that_is_cut_short_takes_back_nothing_whose_lines_are_as_they_were(
    session: Session, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = replace(FINDING, id="f2", start_line=1, end_line=1, replacement=None)
    answers = [Found((FINDING, first)), Found(note="ended: time was up", is_complete=False), Found()]

    async def surprise(_: Review) -> Found:
        return answers.pop(0)

    monkeypatch.setattr("lsp.reviewing.PASSES", {"surprise": surprise})
    uri = edited(repository)
    await run(session, "review")
    await told(session, uri, 2)
    edited(repository, f"import os\n{CHANGED.replace('import price_of', 'import price_of as price_of')}")
    assert await run(session, "review") == {"findings": 0, "files": 1}
    assert [one["range"]["start"]["line"] for one in (await told(session, uri, 1))["diagnostics"]] == [5]
    await run(session, "review")
    await told(session, uri, 0)


async def test_who_asks_before_the_folder_is_open_waits_for_it(repository: Path, tmp_path: Path) -> None:
    edited(repository)
    async with connected(assistant_of(repository, tmp_path / "index")) as session:
        session.may_open.clear()
        await session.client.initialize(CAPABILITIES, rootUri=repository.as_uri())
        running = begun(session, "review", uri=(repository / "main.py").as_uri())
        await session.client.request("codeassist/status")
        session.may_open.set()
        assert await session.client.within(running) == {"findings": 1, "files": 1}


async def test_a_file_that_lies_in_no_folder_is_not_reviewed(session: Session, tmp_path: Path) -> None:
    alone = tmp_path / "alone.py"
    session.client.open(alone.as_uri(), "x = 1\n")
    await session.client.within(_is(lambda: session.server.backend.folder_of(alone) is not None))
    assert await run(session, "review", uri=alone.as_uri()) is None
    message = await session.client.notification("window/showMessage", lambda one: True)
    assert "open the folder of its repository" in message["message"]


NO_CHAT, LATE = PassReport("model", 1.0, 0, NOT_CONFIGURED), PassReport("static", 1.0, 0, "time was up")


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (Report("c", (), n_files=1, ms=1234.0), "nothing found in 1 changed file (1.2 s)"),
        (Report("c", (FINDING,), n_files=2, n_more=3), "1 finding in 2 changed files (0.0 s); 3 more are not shown"),
        (Report("c", (), (NO_CHAT, LATE), n_files=1), "nothing found in 1 changed file (0.0 s); static: time was up"),
        (Report("c", (), notes=("a", "b"), n_files=1), "nothing found in 1 changed file (0.0 s); 2 notes in the log"),
        (Report("c", ()), "nothing has changed since the last commit"),
    ],
)
def test_the_message_says_how_it_went(report: Report, said: str) -> None:
    assert summary(report) == said
