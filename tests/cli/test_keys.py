from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import httpx
import pytest

from codeassist.server.keys import KeyRing, keys_file
from tests.cli.conftest import Shell
from tests.cli.processes import command, started
from tests.cli.test_process import free_port


async def test_a_key_that_is_added_opens(shell: Shell) -> None:
    added = shell.run("keys", "add", "laptop")
    assert added.code == 0
    key = added.out.strip()
    assert key.startswith("ca-")
    assert "only its hash is kept" in added.err.replace("\n", " ")
    ring = KeyRing(keys_file(shell.environ))
    assert await ring.holder([key]) == "laptop"
    removed = shell.run("keys", "remove", "laptop")
    assert (removed.code, removed.out) == (0, "the key of laptop is removed\n")
    assert await ring.holder([key]) is None


def test_programs_get_json(shell: Shell) -> None:
    added = shell.run("keys", "add", "ci", "--json").json
    assert added.keys() == {"name", "key"}
    listed = shell.run("keys", "list", "--json").json
    assert [key["name"] for key in listed["keys"]] == ["ci"]
    assert listed["keys"][0].keys() == {"name", "created"}
    assert added["key"][3:] not in Path(listed["file"]).read_text()
    assert shell.run("keys", "remove", "ci", "--json").json == {"removed": "ci"}


def test_a_list_shows_names_and_never_keys(shell: Shell) -> None:
    assert "keys add NAME" in shell.run("keys", "list").out
    key = shell.run("keys", "add", "laptop").out.strip()
    told = shell.run("keys", "list").out
    assert told.startswith("laptop ")
    assert key not in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("keys", "remove", "nobody"), "no key 'nobody'"),
        (("keys", "add", "two words"), "no name for a key"),
        (("keys", "add"), "NAME"),
    ],
)
def test_what_can_not_be_done_is_told_in_one_line(shell: Shell, arguments: tuple[str, ...], told: str) -> None:
    outcome = shell.run(*arguments)
    assert outcome.code == 2
    assert told in outcome.err
    assert outcome.err.count("\n") == 1


def test_help_stands_in_for_a_missing_subcommand(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    assert shell.run("keys").code == 0
    assert "remove" in capsys.readouterr().out


def test_serve_is_open_to_others_with_a_key_alone(environ: dict[str, str], workspace: Path) -> None:
    # On loopback all the same: no test opens a port to the network.
    settings = ["-o", "server.require_key=true", "--port", str(free_port())]
    refused = subprocess.run(
        command("serve", str(workspace), *settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environ,
    )
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "codeassist keys add NAME" in refused.stderr
    key = subprocess.run(command("keys", "add", "laptop"), capture_output=True, text=True, check=True, env=environ)
    with started(environ, "serve", str(workspace), *settings, "--json") as process:
        assert process.stdout is not None
        url = f"http://127.0.0.1:{settings[-1]}/health"
        assert process.stdout.readline()
        assert httpx.get(url).status_code == 401
        assert httpx.get(url, headers={"x-api-key": key.stdout.strip()}).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1"])
def test_serve_refuses_another_address_without_a_key_before_it_listens(
    environ: dict[str, str], workspace: Path, host: str
) -> None:
    arguments = command("serve", str(workspace), "--host", host, "--port", str(free_port()))
    ended = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False, env=environ)
    assert ended.returncode == 2
    assert f"server.host is {host!r}, which other machines may reach, and there is no API key" in ended.stderr
