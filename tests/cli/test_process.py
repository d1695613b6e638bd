"""The command as a process of its own: what only file descriptors and signals can show."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "XDG_RUNTIME_DIR": str(tmp_path / "run"),
        "CODEASSIST_INDEX_DIRECTORY": str(tmp_path / "indexes"),
        "CODEASSIST_INDEX_VECTORS": "false",
        "CODEASSIST_ENGINE_KIND": "scripted",
    }


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "codeassist.cli", *arguments]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_help_imports_nothing_heavy(environ: dict[str, str]) -> None:
    program = (
        "import sys; from codeassist.cli import run; from codeassist.commands.front import process_front;"
        "run(['--help'], process_front());"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert ended.stdout.splitlines()[-1] == "[]"


def test_what_others_print_does_not_reach_our_stdout(environ: dict[str, str], tmp_path: Path) -> None:
    program = (
        "import os, subprocess, sys; from codeassist.commands.front import process_front;"
        "front = process_front(); front.guard_stdout();"
        "print('from Python', flush=True); os.write(1, b'from C\\n');"
        "subprocess.run(['echo', 'from a child']);"
        "front.print_json({'answer': 42})"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert ended.stdout == '{"answer": 42}\n'
    assert {"from Python", "from C", "from a child"} <= set(ended.stderr.splitlines())


def test_file_names_that_are_not_utf8_can_be_answered(environ: dict[str, str]) -> None:
    program = (
        "from codeassist.commands.front import process_front;"
        "process_front().print_json({'path': b'\\xff.py'.decode('utf-8', 'surrogateescape')})"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert json.loads(ended.stdout) == {"path": "\udcff.py"}


def test_a_closed_stdout_is_survived(environ: dict[str, str], tmp_path: Path) -> None:
    line = " ".join(command("config", str(tmp_path))) + " | head -c 1 >/dev/null; exit ${PIPESTATUS[0]}"
    bash = ["bash", "-c", line]
    ended = subprocess.run(bash, capture_output=True, text=True, timeout=30, env=environ, check=False)
    assert "Traceback" not in ended.stderr


def test_ctrl_c_while_lines_are_awaited_is_quiet(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def area():\n    pass\n")
    process = subprocess.Popen(
        command("search", "--stdin", str(tmp_path)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environ,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b'{"query": "area"}\n')
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["hits"]
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=15)
    assert (process.returncode, out, err) == (130, b"", b"")
