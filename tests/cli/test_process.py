"""The command as a process of its own: what only file descriptors and signals can show."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.cli.processes import command, started

HEAVY = (
    "torch",
    "vllm",
    "faiss",
    "transformers",
    "sentence_transformers",
    "starlette",
    "uvicorn",
    "tree_sitter",
    "git",
)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_help_imports_nothing_heavy(environ: dict[str, str]) -> None:
    program = (
        "import sys; from pathlib import Path;"
        "from codeassist.cli import run; from codeassist.commands.front import process_front;"
        "run(['--help'], process_front(Path()));"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert ended.stdout.splitlines()[-1] == "[]"


def test_what_others_print_does_not_reach_our_stdout(environ: dict[str, str], tmp_path: Path) -> None:
    program = (
        "import os, subprocess, sys; from pathlib import Path; from codeassist.commands.front import process_front;"
        "front = process_front(Path()); front.guard_stdout();"
        "print('from Python', flush=True); os.write(1, b'from C\\n');"
        "subprocess.run(['echo', 'from a child']);"
        "front.print_json({'answer': 42})"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert ended.stdout == '{"answer": 42}\n'
    assert {"from Python", "from C", "from a child"} <= set(ended.stderr.splitlines())


def test_file_names_that_are_not_utf8_can_be_answered(environ: dict[str, str]) -> None:
    program = (
        "from pathlib import Path; from codeassist.commands.front import process_front;"
        "process_front(Path()).print_json({'path': b'\\xff.py'.decode('utf-8', 'surrogateescape')})"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert json.loads(ended.stdout) == {"path": "\udcff.py"}


@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_a_working_directory_that_is_gone_is_told(environ: dict[str, str], tmp_path: Path, as_json: list[str]) -> None:
    program = (
        "import os, sys; from codeassist.cli import main; os.mkdir(sys.argv[1]); os.chdir(sys.argv[1]);"
        "os.rmdir(sys.argv.pop(1)); main()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "gone"), "config", *as_json],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env=environ,
    )
    told = json.loads(ended.stdout)["error"]["message"] if as_json else ended.stderr
    assert "the folder that you are in" in told
    assert (ended.returncode, (ended.stdout + ended.stderr).count("\n")) == (1, 1)


def test_a_closed_stdout_is_survived(environ: dict[str, str], tmp_path: Path) -> None:
    line = " ".join(command("config", str(tmp_path))) + " | head -c 1 >/dev/null; exit ${PIPESTATUS[0]}"
    bash = ["bash", "-c", line]
    ended = subprocess.run(bash, capture_output=True, text=True, timeout=30, env=environ, check=False)
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interruption_while_lines_are_awaited_is_quiet(
    environ: dict[str, str], workspace: Path, number: int, code: int
) -> None:
    with started(environ, "search", "--stdin", str(workspace)) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b'{"query": "area"}\n')
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["hits"]
        process.send_signal(number)
        out, err = process.communicate(timeout=15)
    assert (process.returncode, out, err) == (code, b"", b"")


def test_serve_answers_and_ends_on_a_signal(environ: dict[str, str], workspace: Path) -> None:
    port = free_port()
    with started(environ, "serve", str(workspace), "--port", str(port), "--json") as process:
        assert process.stdout is not None
        announced = json.loads(process.stdout.readline())
        assert announced["url"] == f"http://127.0.0.1:{port}"
        body = {"prompt": "x = ", "suffix": "\n"}
        assert httpx.post(f"{announced['url']}/v1/completions", json=body).json()["choices"][0]["text"]
        second = subprocess.run(
            command("serve", str(workspace), "--port", str(port)),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            env=environ,
        )
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=15)
    assert (process.returncode, out) == (0, b"")
    assert b"Traceback" not in err
    assert second.returncode == 1
    assert f"port {port} on 127.0.0.1 is in use" in second.stderr
    assert second.stderr.count("\n") == 1


def test_serve_tells_a_person_where_it_is(environ: dict[str, str], workspace: Path) -> None:
    port = free_port()
    with started(environ, "serve", str(workspace), "--port", str(port)) as process:
        assert process.stdout is not None
        said = [process.stdout.readline().decode() for _ in range(4)]
    assert f"http://127.0.0.1:{port} " in said[0]
    assert f"OpenAI base URL  http://127.0.0.1:{port}/v1 " in said[1]
    assert f"http://127.0.0.1:{port}/ui\n" in said[2]
    assert " is ready after " in said[3]


def test_it_is_started_as_a_module_too(environ: dict[str, str]) -> None:
    program = [sys.executable, "-m", "codeassist", "--version"]
    told = subprocess.run(program, capture_output=True, text=True, timeout=60, check=True, env=environ)
    assert told.stdout.startswith("codeassist ")


def test_a_model_that_is_not_there_ends_serve_with_one_line(environ: dict[str, str], workspace: Path) -> None:
    options = ["--port", str(free_port()), "-o", "engine.kind=embedded", "-o", "engine.model=/nowhere"]
    ended = subprocess.run(
        command("serve", str(workspace), *options), capture_output=True, text=True, timeout=60, check=False, env=environ
    )
    assert ended.returncode == 1
    assert "/nowhere" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_two_processes_may_index_one_folder_at_once(environ: dict[str, str], workspace: Path) -> None:
    for number in range(30):
        (workspace / f"m{number}.py").write_text(f"def f{number}():\n    return {number}\n")
    with (
        started(environ, "index", str(workspace), "--json") as one,
        started(environ, "index", str(workspace), "--json") as other,
    ):
        outputs = [process.communicate(timeout=30) for process in (one, other)]
    assert [json.loads(out)["files"] for out, _ in outputs] == [31, 31]


def test_a_thread_that_is_deep_in_work_does_not_hold_up_a_command_whose_time_is_up() -> None:
    program = (
        "import asyncio, threading; from codeassist.commands.opening import leave_threads, run_in_time;"
        "begun = threading.Event();"
        "deep = lambda: (begun.set(), threading.Event().wait(300));\n"
        "async def main():\n"
        "    asyncio.ensure_future(asyncio.to_thread(deep))\n"
        "    await asyncio.to_thread(begun.wait)\n"
        "    return 3\n"
        "code = run_in_time(main())\n"
        "print(code, flush=True)\n"
        "leave_threads(code)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (3, "3\n", "")
