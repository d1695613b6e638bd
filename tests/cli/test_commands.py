from __future__ import annotations

import json
import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from codeassist import __version__
from codeassist.engine.scripted import Answer, ScriptedEngine
from codeassist.errors import EngineCrashed
from tests.cli.conftest import MAIN, Shell

AT = "main.py:5:23"


def test_index_tells_what_is_in_the_index(shell: Shell) -> None:
    (shell.cwd / "blob.bin").write_bytes(b"\0\1\2")
    answer = shell.run("index", "--json").json
    assert answer["files"] == 2
    assert answer["chunks"] >= 2
    assert answer["symbols"] >= 3
    assert answer["seconds"] > 0
    assert {"path", "reason"} == set(answer["skipped"][0])
    assert shell.run("index", "--json").json["changed"] == 0


def test_index_for_a_person_names_the_same_numbers(shell: Shell) -> None:
    outcome = shell.run("index")
    assert outcome.code == 0
    assert "2 files" in outcome.out


def test_a_secret_file_reaches_no_prompt(shell: Shell) -> None:
    (shell.cwd / ".env").write_text("API_KEY=supersecret\n", encoding="utf-8")
    explained = shell.run("explain", ".env:1:5", "--json")
    assert explained.json["skip_reason"] == "looks like a secret"
    assert "supersecret" not in explained.out
    completed = shell.run("complete", ".env:1:5", "--invoked", "--json").json
    assert (completed["text"], completed["drop_reason"]) == ("", "looks like a secret")


def test_a_workspace_may_have_any_name(shell: Shell) -> None:
    name = os.fsdecode(b"caf\xe9")
    shell.cwd.rename(shell.cwd.parent / name)
    shell.cwd = shell.cwd.parent / name
    assert shell.run("index", "--json").json["files"] == 2


def test_a_link_to_itself_is_an_error_that_names_it(shell: Shell) -> None:
    (shell.cwd / "loop.py").symlink_to("loop.py")
    outcome = shell.run("explain", "loop.py:1:1")
    assert outcome.code == 1
    assert "loop.py" in outcome.err
    assert "internal error" not in outcome.err


def test_brackets_in_paths_are_no_markup(shell: Shell) -> None:
    (shell.cwd / "app" / "[id]").mkdir(parents=True)
    for name in ("[id]/thing.min.js", "a[bold].min.js"):
        (shell.cwd / "app" / name).write_text("x=1\n", encoding="utf-8")
    outcome = shell.run("index")
    assert outcome.code == 0
    assert "app/[id]/thing.min.js" in outcome.out
    assert "app/a[bold].min.js" in outcome.out


def test_search_finds_the_definition(shell: Shell) -> None:
    hits = shell.run("search", "Circle", "--limit", "3", "--json").json["hits"]
    assert 0 < len(hits) <= 3
    assert {"path", "start_line", "end_line", "score", "text", "why"} <= set(hits[0])
    assert hits[0]["path"] == "shapes.py"
    assert hits[0]["text"] in "".join((shell.cwd / "shapes.py").read_text())


def test_search_works_from_elsewhere(shell: Shell) -> None:
    shell.cwd = shell.cwd.parent
    assert shell.run("search", "Circle", "repo", "--json").json["hits"]


def test_search_for_a_person_shows_path_and_lines(shell: Shell) -> None:
    out = shell.run("search", "Circle").out
    assert "shapes.py:" in out
    assert "class Circle" in out


def test_search_that_finds_nothing_says_so(shell: Shell) -> None:
    assert shell.run("search", "zzzzqqqq", "--json").json == {"hits": []}
    assert shell.run("search", "zzzzqqqq").out == "nothing found\n"


def test_search_answers_line_by_line(shell: Shell) -> None:
    lines = b'{"query": "Circle", "limit": 1}\n{"query": "total_area"}\n'
    first, second = shell.run("search", "--stdin", stdin=lines).lines
    assert len(first["hits"]) == 1
    assert second["hits"][0]["path"] == "main.py"


def test_complete_suggests_and_explains_itself(shell: Shell) -> None:
    answer = shell.run("complete", AT, "--json", "--invoked").json
    assert answer["text"] == "area() for circle in circles)"
    assert answer["drop_reason"] is None
    assert (answer["replace_left"], answer["replace_right"]) == (0, 0)
    assert set(answer["usage"]) == {"prompt_tokens", "cached_tokens", "completion_tokens"}
    assert answer["usage"]["prompt_tokens"] > 0
    assert {"window", "retrieve", "prompt", "first_token", "total"} <= set(answer["ms"])
    assert 0 < answer["confidence"] <= 1
    source = answer["sources"][0]
    assert source["path"] == "shapes.py"
    assert source["lines"] == f"{source['start_line']}-{source['end_line']}"
    assert source["why"]
    assert source["tokens"] > 0


def test_complete_for_a_person_shows_the_line_the_sources_and_the_figures(shell: Shell) -> None:
    out = shell.run("complete", AT, "--invoked").out
    assert "return sum(circle.area() for circle in circles)" in out
    assert "shapes.py" in out
    assert re.search(r"tokens  \d+ in · \d+ from cache", out)
    assert "first_token" in out


def test_nothing_suggested_has_a_reason(shell: Shell) -> None:
    shell.script = [Answer("area()", logprob=-9.0)]
    answer = shell.run("complete", AT, "--json", "-o", "completion.min_confidence=0.5").json
    assert answer["text"] == ""
    assert "low confidence" in answer["drop_reason"]
    assert "nothing suggested: low confidence" in shell.run("complete", AT, "-o", "completion.min_confidence=0.5").out


def test_engine_trouble_is_a_drop_reason(shell: Shell) -> None:
    shell.script = [Answer("x", error=EngineCrashed("it died"))]
    outcome = shell.run("complete", AT, "--json", "--invoked")
    assert (outcome.code, outcome.json["drop_reason"]) == (0, "it died")


class Replaced(ScriptedEngine):
    """Another model answers from the start."""

    async def start(self) -> None:
        await super().start()
        self.stand_in("small", "the GPU is full")


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_whose_answers_these_are_is_told_beside_them(shell: Shell, options: tuple[str, ...]) -> None:
    shell.kind = Replaced
    outcome = shell.run("complete", AT, "--invoked", *options)
    assert (outcome.code, outcome.err) == (0, "codeassist: warning: small stands in: the GPU is full\n")
    assert "circle in circles" in outcome.out


def test_complete_answers_line_by_line_with_unsaved_text(shell: Shell) -> None:
    requests = [
        {"file": "main.py", "line": 5, "col": 23, "invoked": True},
        {"file": "main.py", "line": 6, "col": 5, "text": MAIN + "x = \n", "invoked": True},
        {"file": "new.py", "line": 1, "col": 5, "text": "y = \n", "invoked": True},
    ]
    shell.script = ["1", "2", "3"]
    stdin = "".join(json.dumps(request) + "\n" for request in requests).encode()
    answers = shell.run("complete", "--stdin", stdin=stdin).lines
    assert [answer["text"] for answer in answers] == ["1", "2", "3"]
    assert len(shell.engines) == 1


WRONG_LINES = [
    (b"{", "not a line of JSON"),
    (b"", "not a line of JSON"),
    (b"\xff", "not a line of JSON"),
    (b"[" * 100_000, "not a line of JSON"),
    (b"[1]", "a JSON object, not list"),
    (b'{"file": "main.py", "line": 1}', "`col` is missing"),
    (b'{"file": "main.py", "line": 1, "col": 1, "row": 2}', "unknown field `row`"),
    (b'{"file": "main.py", "line": "1", "col": 1}', "`line` must be a whole number"),
    (b'{"file": "main.py", "line": true, "col": 1}', "`line` must be a whole number"),
    (b'{"file": "main.py", "line": 0, "col": 1}', "from 1 up"),
    (b'{"file": "main.py", "line": 99, "col": 1}', "line 99 is outside"),
    (b'{"file": "main.py", "line": 1, "col": 99}', "column 99 is outside"),
    (b'{"file": "gone.py", "line": 1, "col": 1}', "gone.py"),
    (b'{"file": "loop", "line": 1, "col": 1}', "loop is no file"),
    (b'{"file": "a\\u0000b", "line": 1, "col": 1}', "NUL"),
    (b'{"file": "main.py", "line": 1, "col": 1, "text": "\\ud800"}', "surrogate"),
]


def test_a_line_that_can_not_be_answered_gets_an_error_and_the_next_one_its_answer(shell: Shell) -> None:
    (shell.cwd / "loop").symlink_to("loop")
    good = b'{"file": "main.py", "line": 5, "col": 23, "invoked": true}'
    outcome = shell.run("complete", "--stdin", stdin=b"\n".join([*(line for line, _ in WRONG_LINES), good]))
    *wrong, right = outcome.lines
    for (line, told), answer in zip(WRONG_LINES, wrong, strict=True):
        assert told in answer["error"]["message"], line[:80]
    assert right["text"]
    assert outcome.code == 0


def test_a_line_without_end_is_not_kept_in_memory(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codeassist.commands.json_lines.MAX_LINE_BYTES", 100)
    stdin = b" " * 5000 + b'\n{"query": "Circle"}\n'
    wrong, right = shell.run("search", "--stdin", stdin=stdin).lines
    assert "longer than 100 bytes" in wrong["error"]["message"]
    assert right["hits"]


def test_explain_shows_the_prompt_without_an_engine(shell: Shell) -> None:
    answer = shell.run("explain", AT, "--json").json
    assert answer["prompt"].startswith("<｜begin▁of▁sentence｜><｜fim▁begin｜>")
    assert answer["prompt_tokens"] > 0
    assert answer["sources"][0]["path"] == "shapes.py"
    assert {"allowed", "used"} == set(answer["budgets"]["above"])
    assert {"left_out", "skip_reason", "forced_prefix", "ms"} <= set(answer)
    assert shell.engines[0].requests == []
    assert shell.engines[0].status.state == "stopped"


def test_explain_for_a_person_holds_the_prompt(shell: Shell) -> None:
    out = shell.run("explain", AT).out
    assert "<｜fim▁hole｜>" in out
    assert "token budgets" in out


def test_explain_answers_line_by_line(shell: Shell) -> None:
    stdin = b'{"file": "main.py", "line": 5, "col": 23}\nnonsense\n'
    answer, wrong = shell.run("explain", "--stdin", stdin=stdin).lines
    assert answer["prompt_tokens"] > 0
    assert "error" in wrong


@pytest.mark.parametrize(
    ("text", "position"),
    [
        (b"x = '\xf0\x9f\x98\x80' + \n", "emoji.py:1:11"),
        ("名前 = 'é' + \r\n".encode(), "emoji.py:1:12"),
        (b"\xef\xbb\xbfname = \n", "emoji.py:1:8"),
        (b"\tif x:\n\t\treturn \n", "emoji.py:2:10"),
    ],
)
def test_columns_count_characters(shell: Shell, text: bytes, position: str) -> None:
    (shell.cwd / "emoji.py").write_bytes(text)
    outcome = shell.run("complete", position, "--json", "--invoked")
    assert outcome.json["usage"]["prompt_tokens"] > 0
    line = int(position.split(":")[1])
    beyond = f"emoji.py:{line}:{int(position.split(':')[2]) + 1}"
    assert "is outside of line" in shell.run("complete", beyond).err


def test_a_file_may_have_colons_in_its_name(shell: Shell) -> None:
    (shell.cwd / "a:1:b.py").write_text("x = \n")
    assert shell.run("complete", "a:1:b.py:1:5", "--json", "--invoked").json["text"]


def test_a_file_outside_of_the_working_directory_brings_its_own_workspace(shell: Shell) -> None:
    repository, shell.cwd = shell.cwd, shell.cwd.parent
    shell.run("complete", str(repository / AT), "--json")
    assert shell.opened[0][1] == repository
    shell.run("complete", AT, "--workspace", "repo", "--json")
    assert shell.opened[1][1] == repository


@pytest.mark.parametrize("command", ["complete", "explain"])
def test_a_cursor_outside_of_the_file_is_one_line_on_stderr(shell: Shell, command: str) -> None:
    outcome = shell.run(command, "main.py:999:1")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.strip() == "codeassist: line 999 is outside of main.py, which has 6 lines"


def test_a_binary_file_is_refused(shell: Shell) -> None:
    (shell.cwd / "b.bin").write_bytes(b"\0\1")
    outcome = shell.run("complete", "b.bin:1:1", "--json")
    assert (outcome.code, outcome.json["error"]["kind"]) == (1, "DocumentError")


@pytest.mark.parametrize(
    "arguments",
    [
        ("complete",),
        ("complete", "main.py"),
        ("complete", "main.py:1:1", "--workspace", "gone"),
        ("search",),
        ("search", "  "),
        ("search", "\udcff"),
        ("search", "x", "gone"),
        ("search", "x", "--limit", "0"),
        ("search", "x", "--limit", "many"),
        ("index", "gone"),
        ("index", "main.py"),
        ("explain", "x"),
        ("config", "-o", "nonsense=1"),
        ("config", "-o", "engine.threads=four"),
        ("serve", "--port", "0"),
        ("lsp", "--stdio", "--tcp", "9000"),
        ("lsp", "--tcp", "example.org:9000"),
        ("lsp", "--tcp", "x"),
        ("lsp", "-o", "engine.kind=warp"),
        ("nonsense",),
        ("index", "--nonsense"),
    ],
)
def test_what_was_asked_wrongly_is_one_line_and_exit_code_two(shell: Shell, arguments: tuple[str, ...]) -> None:
    outcome = shell.run(*arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("codeassist: ")
    assert outcome.err.count("\n") == 1


def test_with_json_an_error_is_the_one_document(shell: Shell) -> None:
    for arguments, kind in (
        (("search", "--json"), "BadParameter"),
        (("config", "--json", "-o", "x=1"), "ConfigError"),
        (("complete", "gone.py:1:1", "--json"), "DocumentError"),
    ):
        error = shell.run(*arguments).json["error"]
        assert error["kind"] == kind
        assert error["message"]


def test_a_bug_of_ours_is_one_line_and_its_trace_a_file(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def explode(*arguments: Any, **options: Any) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(shell, "_open", explode)
    outcome = shell.run("complete", AT)
    assert outcome.code == 1
    log = tmp_path / "state" / "codeassist" / "faults.log"
    assert outcome.err == f"codeassist: internal error: ZeroDivisionError: oops ({log} shows where)\n"
    trace = log.read_text()
    assert "in explode" in trace
    assert "oops" not in trace.replace('ZeroDivisionError("oops")', ""), "a message may quote the user's code"


def test_where_a_log_is_kept_the_trace_of_a_bug_is_there(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def explode(*arguments: Any, **options: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(shell, "_open", explode)
    file = tmp_path / "own.log"
    assert f"({file} shows where)" in shell.run("complete", AT, "-o", f"log.file={file}").err
    assert "in explode" in file.read_text()
    assert not (tmp_path / "state").exists()


def test_a_file_system_that_refuses_is_told_by_name(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any, **options: Any) -> None:
        raise PermissionError(13, "Permission denied", "/locked")

    monkeypatch.setattr("codeassist.commands.config.settings_for", refuse)
    outcome = shell.run("config")
    assert (outcome.code, outcome.err) == (1, "codeassist: /locked: Permission denied\n")


@pytest.mark.parametrize("interruption", [KeyboardInterrupt(), BrokenPipeError()])
def test_an_interruption_is_quiet(shell: Shell, monkeypatch: pytest.MonkeyPatch, interruption: BaseException) -> None:
    def interrupt(*arguments: Any, **options: Any) -> None:
        raise interruption

    monkeypatch.setattr("codeassist.commands.config.settings_for", interrupt)
    outcome = shell.run("config")
    assert (outcome.out, outcome.err) == ("", "")
    assert outcome.code in (1, 130)


def test_config_tells_value_origin_and_meaning(shell: Shell) -> None:
    (shell.cwd / "codeassist.toml").write_text("[completion]\nmax_lines = 3\n[engine]\nurl = 'http://evil.example'\n")
    outcome = shell.run("config", "--json", "-o", "engine.threads=2", "-o", "engine.api_key=hush")
    answer = outcome.json
    assert answer["settings"]["completion.max_lines"] == 3
    assert answer["origins"]["completion.max_lines"].startswith("project file ")
    assert answer["origins"]["engine.threads"] == "command line"
    assert answer["settings"]["engine.url"] == ""
    assert "engine.url is not applied" in answer["warnings"][0]
    assert "hush" not in outcome.out
    shown = shell.run("config").out
    assert f"max_lines = 3   {answer['origins']['completion.max_lines']}\n    longest suggestion in lines" in shown


def test_what_config_shows_can_be_pasted_into_a_file(shell: Shell) -> None:
    shown = shell.run("config", "-o", "index.exclude=a,b").out
    lines = [line.split("   ")[0] for line in shown.splitlines() if line.startswith("[") or " = " in line[:40]]
    assert tomllib.loads("\n".join(lines))["index"]["exclude"] == ["a", "b"]


def test_a_setting_that_was_not_applied_is_told_on_stderr(shell: Shell) -> None:
    (shell.cwd / "codeassist.toml").write_text("[engine]\nmodel = '/evil'\n")
    outcome = shell.run("search", "Circle", "--json")
    assert outcome.code == 0
    assert "engine.model is not applied" in outcome.err
    assert outcome.json["hits"]


def test_options_reach_the_assistant(shell: Shell) -> None:
    shell.run("complete", AT, "-o", "completion.max_lines=2", "-o", "completion.retrieve_deadline_ms=7")
    completion = shell.opened[0][0].completion
    assert (completion.max_lines, completion.retrieve_deadline_ms) == (2, 7)


def test_at_a_terminal_context_is_waited_for(shell: Shell) -> None:
    shell.run("complete", AT)
    assert shell.opened[0][0].completion.retrieve_deadline_ms == 5000


@pytest.mark.parametrize("arguments", [("index",), ("search", "x"), ("complete", AT), ("explain", AT)])
def test_stdout_is_guarded_before_anything_is_opened(shell: Shell, arguments: tuple[str, ...]) -> None:
    shell.run(*arguments)
    assert shell.n_guards == 1


def test_the_engine_is_closed_at_the_end(shell: Shell) -> None:
    shell.run("complete", AT)
    assert shell.engines[0].status.state == "stopped"


def test_version_is_told(shell: Shell) -> None:
    assert shell.run("--version").out == f"codeassist {__version__}\n"


def test_every_command_teaches_by_example(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("index", "search", "complete", "explain", "serve", "lsp", "config"):
        assert shell.run(command, "--help").code == 0
        assert f"codeassist {command}" in capsys.readouterr().out
    assert shell.run().code == 0
    assert "First steps" in capsys.readouterr().out
