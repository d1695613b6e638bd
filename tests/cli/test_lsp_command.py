from __future__ import annotations

import io
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import typer

from codeassist.assistant import open_index
from codeassist.commands.front import Front
from codeassist.commands.lsp import assistant_opener, parse_address
from codeassist.engine.scripted import ScriptedEngine
from codeassist.errors import ConfigError
from codeassist.protocols import Engine
from codeassist.settings import Settings
from tests.cli.processes import started


@dataclass
class Editor:
    """What the Language Server asks the opener for, and what it was told."""

    workspace: Path
    environ: dict[str, str]
    opened: list[Settings] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    stdout: io.StringIO = field(default_factory=io.StringIO)
    stderr: io.StringIO = field(default_factory=io.StringIO)

    def open(self, assignments: list[str], options: Mapping[str, object]) -> Settings:
        def opened(settings: Settings, workspace: Path, *, engine: Engine | None = None, attach: bool = True) -> Any:
            assert attach
            assert engine is None
            self.opened.append(settings)

        front = Front(
            io.BytesIO(), self.stdout, self.stderr, self.environ, self.workspace, opened, open_index, lambda: None
        )
        assistant_opener(front, assignments)(self.workspace, options, self.warnings.append, None)
        return self.opened[-1]


@pytest.fixture
def editor(tmp_path: Path) -> Editor:
    (tmp_path / "repo").mkdir()
    return Editor(tmp_path / "repo", {"HOME": str(tmp_path)})


def test_the_editors_settings_win_over_the_command_lines(editor: Editor) -> None:
    settings = editor.open(["completion.max_lines=3", "engine.threads=2"], {"completion.max_lines": 4})
    assert (settings.completion.max_lines, settings.engine.threads) == (4, 2)


def test_a_further_folder_runs_on_the_engine_that_is_there_and_leaves_the_log_alone(editor: Editor) -> None:
    def opened(settings: Settings, workspace: Path, *, engine: Engine | None = None, attach: bool = True) -> Any:
        given.append(engine)

    given: list[Engine | None] = []
    front = Front(
        io.BytesIO(), editor.stdout, editor.stderr, editor.environ, editor.workspace, opened, open_index, lambda: None
    )
    opener, engine = assistant_opener(front, []), ScriptedEngine()
    log = editor.workspace / "log"
    opener(editor.workspace, {"log.file": str(log)}, editor.warnings.append, engine)
    assert given == [engine]
    assert not log.exists()


def test_a_wrong_type_from_the_editor_is_a_config_error(editor: Editor) -> None:
    with pytest.raises(ConfigError, match=r"editor.*`completion\.max_lines` must be a whole number"):
        editor.open([], {"completion.max_lines": "4"})


def test_a_strangers_settings_are_told_and_not_applied(editor: Editor) -> None:
    (editor.workspace / "codeassist.toml").write_text("[engine]\nurl = 'http://evil.example/v1'\nkind = 'remote'\n")
    assert editor.open([], {}).engine == Settings().engine
    assert len(editor.warnings) == 2


def test_a_strangers_mistake_does_not_lock_the_editor(editor: Editor) -> None:
    (editor.workspace / "codeassist.toml").write_text("nonsense = [")
    assert editor.open([], {}) == Settings()
    assert "codeassist.toml: not valid TOML" in editor.warnings[0]
    assert "left out" in editor.warnings[0]


def test_the_editor_names_the_log_file_and_its_level(editor: Editor, tmp_path: Path) -> None:
    logger, file = logging.getLogger("codeassist.test"), tmp_path / "codeassist.log"
    for _ in range(2):
        editor.open(["log.level=error"], {"log.file": str(file), "log.level": "debug"})
    logger.debug("told once, to the file")
    editor.open([], {})
    logger.info("told once, to stderr")
    assert file.read_text().count("told") == 1
    assert editor.stderr.getvalue().count("told") == 1
    assert (editor.stdout.getvalue(), editor.warnings) == ("", [])


def test_a_log_file_that_cannot_be_written_is_told_and_stops_nothing(editor: Editor) -> None:
    assert editor.open([], {"log.file": "/nowhere/codeassist.log", "log.level": "debug"}).log.level == "debug"
    assert "cannot write /nowhere/codeassist.log" in editor.warnings[0]
    logging.getLogger("codeassist.test").debug("told on stderr")
    assert "told on stderr" in editor.stderr.getvalue()


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("9257", ("127.0.0.1", 9257)),
        ("localhost:9257", ("localhost", 9257)),
        ("[::1]:0", ("::1", 0)),
        ("127.0.0.1:65535", ("127.0.0.1", 65535)),
    ],
)
def test_an_address_is_a_port_with_or_without_a_host(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["", ":", "x", "65536", "127.0.0.1:", "0.0.0.0:9257", "9" * 10_000, "-1"])
def test_another_address_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="--tcp"):
        parse_address(text)


def framed(message: dict[str, Any]) -> bytes:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def test_an_editor_can_start_and_end_the_language_server(environ: dict[str, str], workspace: Path) -> None:
    initialize: dict[str, Any] = {"processId": None, "rootUri": workspace.as_uri(), "capabilities": {}}
    with started(environ, "lsp", "--stdio") as process:
        out, _ = process.communicate(
            framed({"id": 1, "method": "initialize", "params": initialize})
            + framed({"method": "initialized", "params": {}})
            + framed({"id": 2, "method": "shutdown"})
            + framed({"method": "exit"}),
            timeout=30,
        )
    assert process.returncode == 0
    assert out.startswith(b"Content-Length: ")
    assert b"inlineCompletionProvider" in out
