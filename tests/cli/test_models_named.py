"""`codeassist models known`, `fetch`, `import`, `export` and `remove`, as a terminal and a program use them."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_hub import FakeHub, files_of, hub_serving
from tiny_model import write_model

from codeassist.models.known import KNOWN
from tests.cli.conftest import Shell
from tests.cli.processes import command

NAME, HUB_ID = "deepseek-coder-v2-lite", "deepseek-ai/DeepSeek-Coder-V2-Lite-Base"
COMMIT = "e" * 40
WEIGHTS = "model.safetensors"


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model as it might be published."""
    texts = [Path(__file__).read_text(encoding="utf-8")]
    folder = write_model(tmp_path_factory.mktemp("published") / "Tiny", texts)
    (folder / "codeassist.json").unlink()
    return folder


@pytest.fixture
def hub(published: Path) -> FakeHub:
    hub = FakeHub()
    hub.add(HUB_ID, COMMIT, files_of(published))
    return hub


@pytest.fixture
def online(shell: Shell, hub: FakeHub) -> Iterator[Shell]:
    """A terminal that has the hub for a mirror."""
    with hub_serving(hub) as address:
        shell.environ["HF_ENDPOINT"] = address
        yield shell


@pytest.fixture
def process_environ(environ: dict[str, str], online: Shell) -> dict[str, str]:
    """The same for a process of its own, which has the library read the variables."""
    return environ | {"HF_ENDPOINT": online.environ["HF_ENDPOINT"], "XDG_DATA_HOME": environ["HOME"] + "/data"}


def models_folder(shell: Shell) -> Path:
    return Path(shell.environ["CODEASSIST_ENGINE_MODELS"])


def test_known_models_tell_size_licence_and_whether_they_are_pinned(shell: Shell) -> None:
    models = {entry["name"]: entry for entry in shell.run("models", "known", "--json").json["models"]}
    assert list(models) == [model.name for model in KNOWN]
    lite = models[NAME]
    assert (lite["hub_id"], lite["download_bytes"], lite["is_here"]) == (HUB_ID, 31_412_968_448, False)
    assert models["codestral-22b"]["is_gated"]
    told = shell.run("models", "known").out
    assert f"{NAME}\n    31 GB · fills gaps · newest revision\n    {HUB_ID} · DeepSeek licence" in told
    assert "44 GB · fills gaps and chats · newest revision · gated, needs HF_TOKEN" in told
    assert "15 GB · fills gaps · pinned at 0396a76181e1" in told
    (models_folder(shell) / NAME).mkdir(parents=True)
    assert f"{NAME}   on this machine" in shell.run("models", "known").out


def test_a_fetched_model_is_told_listed_verified_used_and_removed(online: Shell) -> None:
    fetched = online.run("models", "fetch", NAME, "--yes")
    folder = models_folder(online) / NAME
    assert fetched.code == 0
    for part in (
        "from     http://127.0.0.1:",
        f"/{HUB_ID}, revision {COMMIT}",
        f"to       {folder}",
        "licence  DeepSeek",
    ):
        assert part in fetched.err
    assert f"{NAME} is whole in {folder}" in fetched.out
    listed = online.run("models", "list", "--json", "-o", f"engine.model={NAME}").json["models"]
    assert [(entry["name"], entry["is_in_use"]) for entry in listed if not entry["is_shipped"]] == [(NAME, True)]
    assert f"{NAME}   engine.model, yours, not in use" in online.run("models", "list").out
    verified = online.run("models", "verify", NAME, "--json").json
    assert (verified["ok"], verified["models"][0]["has_checksums"]) == (True, True)
    (folder / "tokenizer_config.json").write_text("damaged")
    damaged = online.run("models", "verify", NAME)
    assert (damaged.code, f"`codeassist models fetch {NAME}` fetches it again" in damaged.out) == (1, True)
    assert online.run("models", "remove", NAME, "--yes").out == f"{NAME} is removed\n"
    assert not folder.exists()


def test_a_program_gets_json(online: Shell, published: Path) -> None:
    answer = online.run("models", "fetch", HUB_ID, "--yes", "--json").json
    assert answer == {
        "name": NAME,
        "path": str(models_folder(online) / NAME),
        "hub_id": HUB_ID,
        "revision": COMMIT,
        "bytes": sum(path.stat().st_size for path in published.iterdir()),
        "problems": [],
    }


def test_nothing_is_fetched_where_nobody_can_be_asked(online: Shell, hub: FakeHub) -> None:
    outcome = online.run("models", "fetch", NAME)
    assert (outcome.code, hub.asked) == (2, [])
    assert "There is no terminal to ask at; say so with --yes" in outcome.err
    assert not models_folder(online).exists()


def test_what_is_there_is_verified_without_a_question(online: Shell, hub: FakeHub) -> None:
    online.run("models", "fetch", NAME, "--yes")
    hub.asked.clear()
    outcome = online.run("models", "fetch", NAME)
    assert (outcome.code, hub.asked) == (0, [])
    folder = models_folder(online) / NAME
    assert f"{NAME} is in {folder}; what is there is verified" in outcome.err
    n_bytes = (folder / "config.json").stat().st_size
    (folder / "config.json").write_bytes(b"#" * n_bytes)
    outcome = online.run("models", "fetch", NAME)
    assert (outcome.code, hub.asked, "say so with --yes" in outcome.err) == (2, [], True)
    assert online.run("models", "fetch", NAME, "--yes").code == 0
    assert [file for file, _ in hub.asked] == ["config.json"]


def test_another_folder_may_be_chosen(online: Shell, tmp_path: Path) -> None:
    outcome = online.run("models", "fetch", NAME, "--yes", "--dir", str(tmp_path / "big disk"))
    assert (tmp_path / "big disk" / NAME / "SHA256SUMS").is_file()
    assert f"engine.model={tmp_path / 'big disk' / NAME}" in outcome.out
    assert not models_folder(online).exists()


def test_what_the_engine_could_not_use_is_told_at_the_end(online: Shell, hub: FakeHub) -> None:
    files = hub.repositories[HUB_ID].commits[COMMIT]
    files["config.json"] = json.dumps(json.loads(files["config.json"]) | {"vocab_size": 10}).encode()
    outcome = online.run("models", "fetch", NAME, "--yes")
    assert (outcome.code, "vocab_size ends at 9" in outcome.err) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["fetch", "deepseek-coder-v2-light"], 2, "did you mean deepseek-coder-v2-lite"),
        (["fetch", "../x"], 2, "no published model is called '../x' here"),
        (["fetch", NAME, "--revision", "v9", "--yes"], 1, "has no revision v9; `--revision main`"),
        (["fetch", "qwen2.5-coder-7b", "--yes"], 1, "has no model Qwen/Qwen2.5-Coder-7B"),
        (["remove", NAME, "--yes"], 1, f"there is no model {NAME} in"),
        (["remove", "..", "--yes"], 1, "'..' cannot be the name of a model"),
        (["export", NAME, "x.tar"], 1, f"there is no model {NAME} in"),
        (["import", "gone"], 1, "gone is no folder and no tar"),
        (["import", ".", "--name", "../x"], 1, "there are no weights"),
    ],
)
def test_what_cannot_be_done_is_told(online: Shell, arguments: list[str], code: int, told: str) -> None:
    outcome = online.run("models", *arguments)
    assert (outcome.code, told in outcome.err) == (code, True), outcome.err


def test_a_name_that_was_not_fetched_tells_the_command_in_lists_and_in_engines(online: Shell, hub: FakeHub) -> None:
    told = f"`codeassist models fetch {NAME}` fetches it from {HUB_ID} (31 GB)"
    assert told in online.run("models", "list", "-o", f"engine.model={NAME}").out
    assert told in online.run("mtp", "attach", "--model", NAME, "layer", "out").err
    assert hub.listed == []


def test_a_model_is_carried_to_a_machine_without_a_network(online: Shell, hub: FakeHub, tmp_path: Path) -> None:
    online.run("models", "fetch", NAME, "--yes")
    exported = online.run("models", "export", NAME, str(tmp_path / "lite.tar"))
    assert (exported.code, "there: codeassist models import lite.tar" in exported.out) == (0, True)
    there = ["-o", f"engine.models={tmp_path / 'there'}"]
    hub.listed.clear()
    imported = online.run("models", "import", str(tmp_path / "lite.tar"), *there)
    assert f"{NAME} is in {tmp_path / 'there' / NAME}" in imported.out
    assert online.run("models", "verify", NAME, "--json", *there).json["ok"]
    again = online.run("models", "import", str(tmp_path / "lite.tar"), *there)
    assert (again.code, f"there is a model {NAME} in" in again.err) == (1, True)
    assert hub.listed == []


def test_a_folder_is_copied_or_linked(shell: Shell, published: Path, tmp_path: Path) -> None:
    folder = tmp_path / "DeepSeek-Coder-V2-Lite-Base"
    shutil.copytree(published, folder)
    copied = shell.run("models", "import", str(folder), "--json").json
    assert copied == {"name": NAME, "path": str(models_folder(shell) / NAME)}
    assert not Path(copied["path"]).is_symlink()
    linked = shell.run("models", "import", str(folder), "--link", "--name", "mine", "--json").json
    assert Path(linked["path"]).readlink() == folder
    assert shell.run("models", "remove", "mine", "--yes").code == 0
    assert folder.is_dir()
    tar = shell.run("models", "export", NAME, str(tmp_path / "lite.tar"), "--json").json["file"]
    refused = shell.run("models", "import", tar, "--link", "--name", "mine")
    assert (refused.code, "which cannot be linked to" in refused.err) == (2, True)


@pytest.mark.parametrize(("answer", "code", "stays"), [(b"n\n", 130, True), (b"\n", 130, True), (b"y\n", 0, False)])
def test_a_person_is_asked_before_a_model_goes(
    shell: Shell, published: Path, environ: dict[str, str], answer: bytes, code: int, stays: bool
) -> None:
    shell.run("models", "import", str(published), "--name", "mine")
    models = shell.environ["CODEASSIST_ENGINE_MODELS"]
    master, slave = pty.openpty()
    os.write(master, answer)
    ended = subprocess.run(
        command("models", "remove", "mine", "-o", f"engine.models={models}"),
        stdin=slave, capture_output=True, timeout=60, check=False, env=environ,
    )  # fmt: skip
    os.close(master)
    os.close(slave)
    assert (ended.returncode, (Path(models) / "mine").is_dir()) == (code, stays)
    assert f"Remove {models}/mine and all that is in it? [y/N]".encode() in ended.stderr


def test_a_process_reads_the_mirror_from_its_environment(process_environ: dict[str, str]) -> None:
    ended = subprocess.run(
        command("models", "fetch", NAME, "--yes", "--json"),
        capture_output=True, text=True, timeout=60, check=False, env=process_environ,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    path = Path(json.loads(ended.stdout)["path"])
    assert path == Path(process_environ["XDG_DATA_HOME"]) / "codeassist" / "models" / NAME
    forbidden = subprocess.run(
        command("models", "fetch", NAME, "--yes"),
        capture_output=True, text=True, timeout=60, check=False, env=process_environ | {"HF_HUB_OFFLINE": "1"},
    )  # fmt: skip
    assert (forbidden.returncode, "HF_HUB_OFFLINE forbids" in forbidden.stderr) == (1, True)


def test_an_interrupted_fetch_ends_at_once_and_goes_on_later(process_environ: dict[str, str], hub: FakeHub) -> None:
    hub.block_s = 0.1
    fetch = command("models", "fetch", NAME, "--yes")
    process = subprocess.Popen(fetch, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=process_environ)
    unfinished = (
        Path(process_environ["XDG_DATA_HOME"]) / "codeassist" / "models" / f".fetch-{NAME}" / f"{WEIGHTS}.unfinished"
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (unfinished.exists() and unfinished.stat().st_size):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    started = time.monotonic()
    _, told = process.communicate(timeout=60)
    assert (process.returncode, b"Traceback" in told, time.monotonic() - started < 5) == (130, False, True)
    there = unfinished.stat().st_size
    assert there > 0
    hub.block_s = 0.0
    hub.asked.clear()
    ended = subprocess.run(fetch, capture_output=True, timeout=60, check=False, env=process_environ)
    assert ended.returncode == 0
    assert (WEIGHTS, f"bytes={there}-") in hub.asked


def test_names_of_files_do_not_write_to_the_terminal(shell: Shell, published: Path, tmp_path: Path) -> None:
    folder = tmp_path / "evil"
    shutil.copytree(published, folder)
    assert shell.run("models", "import", str(folder), "--name", "evil").code == 0
    (models_folder(shell) / "evil" / "a\x1b[2Jb\nc\x9d.json").write_text("x")
    outcome = shell.run("models", "verify", "evil")
    assert outcome.code == 1
    assert "\\x1b[2Jb\\nc\\x9d.json" in outcome.out
    assert not {"\x1b", "\x9d"} & set(outcome.out)


def test_a_model_cannot_be_called_what_no_terminal_shows(shell: Shell, published: Path, tmp_path: Path) -> None:
    folder = tmp_path / "evil"
    shutil.copytree(published, folder)
    (folder / "codeassist.json").write_text(json.dumps({"name": "a\x1b]0;b\x07"}))
    outcome = shell.run("models", "import", str(folder))
    assert outcome.code == 1
    assert "without control characters" in outcome.err
