"""`codeassist index --status`: what there is, and how far it is behind; nothing is made or mended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.cli.conftest import Shell


def status(shell: Shell) -> dict[str, Any]:
    answer: dict[str, Any] = shell.run("index", "--status", "--json").json
    return answer


def test_without_an_index_it_says_so_and_makes_none(shell: Shell) -> None:
    outcome = shell.run("index", "--status")
    assert outcome.code == 0
    assert "no index yet" in outcome.out
    assert not Path(status(shell)["directory"]).exists()


def test_it_counts_what_the_index_holds(shell: Shell) -> None:
    report = shell.run("index", "--json").json
    told = status(shell)
    assert {name: told[name] for name in ("files", "chunks", "symbols")} == {
        name: report[name] for name in ("files", "chunks", "symbols")
    }
    assert told["is_current"]
    assert told["source_bytes"] == sum(file.stat().st_size for file in shell.cwd.glob("*.py"))
    assert told["bytes_on_disk"] > 0
    assert told["refreshed_at"].endswith("+00:00")


def test_it_tells_how_far_the_index_is_behind(shell: Shell) -> None:
    shell.run("index")
    (shell.cwd / "shapes.py").write_text("x = 1\n")
    (shell.cwd / "main.py").unlink()
    (shell.cwd / "fresh.py").write_text("y = 2\n")
    told = status(shell)
    assert (told["changed"], told["new"], told["gone"], told["is_current"]) == (1, 1, 1, False)
    assert "1 changed, 1 new, 1 gone" in shell.run("index", "--status").out
    again = status(shell)
    assert (again["changed"], again["new"], again["gone"]) == (1, 1, 1)  # asking does not bring it up to date


def test_it_counts_what_is_left_out_by_reason(shell: Shell) -> None:
    (shell.cwd / "blob.bin").write_bytes(b"\0\1\2")
    (shell.cwd / "other.bin").write_bytes(b"\0\1\2")
    shell.run("index")
    assert status(shell)["skipped"] == {"binary": 2}
    assert "2 binary" in shell.run("index", "--status").out


def test_a_damaged_index_is_told_and_not_mended(shell: Shell) -> None:
    shell.run("index")
    file = Path(status(shell)["directory"]) / "index.sqlite"
    file.write_bytes(b"no database at all" * 100)
    outcome = shell.run("index", "--status")
    assert outcome.code == 1
    assert "builds it anew" in outcome.out
    assert file.read_bytes() == b"no database at all" * 100
    assert shell.run("index", "--json").json["files"] == 2
    assert status(shell)["is_current"]
