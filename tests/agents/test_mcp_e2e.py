"""`codeassist mcp` as a process of its own, asked by the client of the `mcp` package and by hand."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import ClientSession, StdioServerParameters, stdio_client
from mcp.types import CallToolResult, TextContent

from codeassist import __version__

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = ROOT / "extension-config" / "mcp" / "mcp.json"
PLACEHOLDER = "/path/to/project"

HELLO = {
    "jsonrpc": "2.0",
    "id": "hello",
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "a test", "version": "1"},
    },
}
READY = {"jsonrpc": "2.0", "method": "notifications/initialized"}


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Where `codeassist` is the one of this environment, and where its index is the test's own."""
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": str(tmp_path),
        "CODEASSIST_INDEX_DIRECTORY": str(tmp_path / "indexes"),
        "CODEASSIST_INDEX_VECTORS": "false",
    }


def configured(project: Path) -> list[str]:
    """The command that extension-config/mcp/mcp.json tells agents to run, for this project."""
    (server,) = json.loads(CONFIGURATION.read_text(encoding="utf-8"))["mcpServers"].values()
    assert server["args"].count(PLACEHOLDER) == 1
    return [server["command"], *(str(project) if part == PLACEHOLDER else part for part in server["args"])]


@asynccontextmanager
async def session(project: Path, environ: dict[str, str], log: Path) -> AsyncIterator[ClientSession]:
    """An agent's session; what the server logs goes to a file."""
    command, *arguments = configured(project)
    parameters = StdioServerParameters(command=command, args=arguments, env=environ)
    with log.open("w") as errors:
        async with stdio_client(parameters, errlog=errors) as streams, ClientSession(*streams) as client:
            yield client


def text_of(result: CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


@contextmanager
def started(project: Path, environ: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    pipe = subprocess.PIPE
    with subprocess.Popen(configured(project), stdin=pipe, stdout=pipe, stderr=pipe, env=environ) as process:
        try:
            yield process
        finally:
            process.kill()


def send(process: subprocess.Popen[bytes], *lines: object) -> None:
    """Lines as they are, or messages as lines."""
    assert process.stdin is not None
    for line in lines:
        process.stdin.write(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n")
    process.stdin.flush()


def received(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert process.stdout is not None
    message: dict[str, Any] = json.loads(process.stdout.readline())
    return message


def question(number: int, tool: str, **arguments: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}


def answer(process: subprocess.Popen[bytes], number: int) -> str:
    message = received(process)
    assert message["id"] == number
    (content,) = message["result"]["content"]
    return str(content["text"])


def test_the_configuration_names_a_command_that_we_install() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    program, *arguments = configured(Path("/a/project"))
    assert program in scripts
    assert arguments == ["mcp", "/a/project"]


def test_help_loads_no_protocol(environ: dict[str, str]) -> None:
    program = (
        "import sys; from pathlib import Path;"
        "from codeassist.cli import run; from codeassist.commands.front import process_front;"
        "run(['mcp', '--help'], process_front(Path()));"
        "print(sorted({'mcp', 'mcp_types', 'tree_sitter'} & set(sys.modules)))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True, env=environ
    )
    assert "Model Context Protocol" in ended.stdout
    assert ended.stdout.splitlines()[-1] == "[]"


async def test_an_agent_finds_four_tools_and_can_use_each(
    project: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    async with session(project, environ, tmp_path / "log") as client:
        greeting = await client.initialize()
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        answers = {
            "search_code": text_of(await client.call_tool("search_code", {"query": "how much a circle covers"})),
            "find_symbol": text_of(await client.call_tool("find_symbol", {"name": "Circle"})),
            "find_usages": text_of(await client.call_tool("find_usages", {"name": "covered_area", "limit": 1})),
            "repository_map": text_of(await client.call_tool("repository_map", {"focus": ["tests/test_report.py"]})),
        }
    assert (greeting.server_info.name, greeting.server_info.version) == ("codeassist", __version__)
    assert set(tools) == set(answers)
    assert all(tool.description for tool in tools.values())
    assert all(tool.annotations is not None and tool.annotations.read_only_hint for tool in tools.values())
    assert [tools[name].input_schema.get("required") for name in answers] == [["query"], ["name"], ["name"], None]
    described = [field for tool in tools.values() for field in tool.input_schema["properties"].values()]
    assert all(field["description"] for field in described)
    assert "return 3.14159 * self.radius**2" in answers["search_code"]
    assert answers["find_symbol"].startswith("shapes.py:4-12  (class)\nclass Circle:")
    assert answers["find_usages"].startswith("report.py:5: return sum(")
    assert "report.py\n    4: def total_area" in answers["repository_map"]


async def test_a_wrong_question_costs_its_answer_and_an_edit_is_seen_by_the_next(
    project: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("search_code", {}),
        ("search_code", {"query": "circle", "limit": 0}),
        ("find_symbol", {"name": ["Circle"]}),
        ("find_usages", {"name": "Circle", "limit": 10**30}),
        ("repository_map", {"max_tokens": -1}),
        ("delete_everything", {}),
    ]
    async with session(project, environ, tmp_path / "log") as client:
        await client.initialize()
        refused = [await client.call_tool(tool, arguments) for tool, arguments in wrong]
        before = text_of(await client.call_tool("find_symbol", {"name": "added_late"}))
        (project / "late.py").write_text("def added_late():\n    return 1\n")
        after = text_of(await client.call_tool("find_symbol", {"name": "added_late"}))
    assert [result.is_error for result in refused] == [True] * len(wrong)
    assert "limit" in text_of(refused[1])
    assert before.startswith("No definition is named 'added_late'")
    assert after.startswith("late.py:1-2  (function)")


def test_no_line_kills_the_server_and_a_closed_stdin_ends_it(project: Path, environ: dict[str, str]) -> None:
    with started(project, environ) as process:
        send(process, b"garbage\n", b"\xff\xfe\x00\n", b"\n", b"{}\n", b"[]\n", b"[" * 100_000 + b"\n", HELLO)
        assert received(process)["id"] == "hello"
        send(process, READY, b'{"jsonrpc": "2.0", "id": 1}\n', b'{"method": \n')
        # JavaScript spells a text that was cut inside an emoji like this.
        send(process, question(1, "search_code", query="circle \ud83d"))
        assert "shapes.py" in answer(process, 1)
        send(process, question(2, "find_symbol", name="x" * 200_000), question(3, "find_symbol", name="Circle"))
        assert len(answer(process, 2)) < 1000
        assert answer(process, 3).startswith("shapes.py:4")
        out, errors = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, b"")
    assert b"Traceback" not in errors


@pytest.mark.e2e
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_the_server_while_the_agent_is_silent(
    project: Path, environ: dict[str, str], number: int, code: int
) -> None:
    with started(project, environ) as process:
        send(process, HELLO, READY, question(1, "find_symbol", name="Circle"))
        assert received(process)["id"] == "hello"
        assert answer(process, 1)
        process.send_signal(number)
        assert process.wait(timeout=20) == code
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read() == b""
        assert b"Traceback" not in process.stderr.read()


@pytest.mark.e2e
def test_an_agent_that_is_gone_before_its_answer_leaves_no_trace(project: Path, environ: dict[str, str]) -> None:
    with started(project, environ) as process:
        send(process, HELLO)
        assert received(process)["id"] == "hello"
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdout.close()
        send(process, READY, question(1, "find_symbol", name="Circle"))
        process.stdin.close()
        assert process.wait(timeout=20) == 0
        assert b"Traceback" not in process.stderr.read()


@pytest.mark.parametrize("name", ["nowhere", "shapes.py"])
def test_a_folder_that_is_none_is_told_in_one_line(project: Path, environ: dict[str, str], name: str) -> None:
    ended = subprocess.run(
        configured(project / name), capture_output=True, text=True, timeout=20, check=False, env=environ
    )
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert name in ended.stderr
