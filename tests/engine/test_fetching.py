"""Models arrive whole and verified or not at all, from a hub on a loopback socket that breaks, lies and refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_hub import FakeHub, files_of, hub_serving
from loopback import unused_address

from codeassist import __version__
from codeassist.errors import ModelError
from codeassist.models.checksums import CHECKSUMS, check_files
from codeassist.models.fetching import fetch, inspected, plan_fetch
from codeassist.models.hub import Hub, Unreachable
from codeassist.models.published import KnownModel
from codeassist.models.room import require_room
from codeassist.models.source import SOURCE, read_source
from codeassist.models.store import locked, unfinished_fetch
from codeassist.models.transfer import Watch

MODEL = KnownModel("tiny", "acme/Tiny", "", "none", True, False, {})
FIRST, SECOND = "a" * 40, "b" * 40
WEIGHTS = "model.safetensors"
NEEDED = {"LICENSE", "codeassist.json", "config.json", WEIGHTS, "tokenizer.json", "tokenizer_config.json"}
QUIET = Watch(pause=lambda seconds: None)


@pytest.fixture
def hub(tiny_model: Path) -> FakeHub:
    """One commit of a tiny model, among files that nobody needs."""
    files = files_of(tiny_model)
    extra = dict.fromkeys(("pytorch_model.bin", "x.pth", "modeling_tiny.py", ".gitattributes", "LICENSE"), b"x")
    hub = FakeHub()
    hub.add(MODEL.hub_id, FIRST, files | extra | {"figures/loss.png": b"x", "onnx/config.json": b"{}"})
    return hub


@pytest.fixture
def address(hub: FakeHub) -> Iterator[str]:
    with hub_serving(hub) as address:
        yield address


def fetched(address: str, models: Path, revision: str = "", token: str = "") -> Path:
    client = Hub(address, token)
    return fetch(client, plan_fetch(client, MODEL, models, revision), QUIET)


def test_what_is_needed_arrives_whole_with_its_hashes_and_its_source(
    address: str, tmp_path: Path, tiny_model: Path
) -> None:
    client = Hub(address)
    plan = plan_fetch(client, MODEL, tmp_path)
    moved: list[int] = []
    arrived: list[str] = []
    folder = fetch(client, plan, Watch(on_bytes=moved.append), arrived.append)
    assert folder == tmp_path / "tiny"
    assert set(arrived) == NEEDED
    assert {path.name for path in folder.iterdir()} == NEEDED | {SOURCE, CHECKSUMS}
    assert (folder / WEIGHTS).read_bytes() == (tiny_model / WEIGHTS).read_bytes()
    assert {file.state for file in check_files(folder)} == {"ok"}
    assert (sum(moved), plan.missing_bytes) == (plan.n_bytes, plan.n_bytes)
    source = read_source(folder)
    assert source is not None
    assert (source.name, source.hub_id, source.revision) == ("tiny", MODEL.hub_id, FIRST)
    assert source.files[WEIGHTS].size == (tiny_model / WEIGHTS).stat().st_size
    assert source.date


def test_a_connection_that_breaks_is_resumed_by_itself(hub: FakeHub, address: str, tmp_path: Path) -> None:
    hub.breaks_after[WEIGHTS] = 200_000
    pauses: list[float] = []

    def heal(seconds: float) -> None:
        pauses.append(seconds)
        hub.breaks_after.clear()

    client = Hub(address)
    folder = fetch(client, plan_fetch(client, MODEL, tmp_path), Watch(pause=heal))
    assert (len(pauses), {file.state for file in check_files(folder)}) == (1, {"ok"})
    ranges = [asked for file, asked in hub.asked if file == WEIGHTS]
    assert ranges[0] == ""
    assert 0 < int(ranges[1].removeprefix("bytes=").removesuffix("-")) <= 200_000


def test_a_fetch_that_broke_off_goes_on_and_fetches_only_the_rest(
    hub: FakeHub, address: str, tmp_path: Path, tiny_model: Path
) -> None:
    size = (tiny_model / WEIGHTS).stat().st_size
    hub.breaks_after[WEIGHTS] = 300_000
    with pytest.raises(Unreachable, match=r"model\.safetensors of acme/Tiny cannot be fetched"):
        fetched(address, tmp_path)
    assert not (tmp_path / "tiny").exists()
    there = (unfinished_fetch(tmp_path, "tiny") / f"{WEIGHTS}.unfinished").stat().st_size
    assert 0 < there <= 300_000
    hub.breaks_after.clear()
    hub.asked.clear()
    hub.n_sent = 0
    plan = plan_fetch(Hub(address), MODEL, tmp_path)
    assert size - there <= plan.missing_bytes < size
    fetched(address, tmp_path)
    assert (WEIGHTS, f"bytes={there}-") in hub.asked
    assert size - there <= hub.n_sent < size
    assert (tmp_path / "tiny" / WEIGHTS).read_bytes() == (tiny_model / WEIGHTS).read_bytes()
    assert not unfinished_fetch(tmp_path, "tiny").exists()


def test_a_server_without_ranges_gives_the_whole_file_again(
    hub: FakeHub, address: str, tmp_path: Path, tiny_model: Path
) -> None:
    hub.breaks_after[WEIGHTS] = 300_000
    with pytest.raises(Unreachable):
        fetched(address, tmp_path)
    hub.breaks_after.clear()
    hub.ranges = False
    moved: list[int] = []
    client = Hub(address)
    plan = plan_fetch(client, MODEL, tmp_path)
    fetch(client, plan, Watch(on_bytes=moved.append))
    assert (tmp_path / "tiny" / WEIGHTS).read_bytes() == (tiny_model / WEIGHTS).read_bytes()
    assert sum(moved) == plan.n_bytes


def test_a_busy_server_is_asked_again(hub: FakeHub, address: str, tmp_path: Path) -> None:
    hub.busy = 3
    assert fetched(address, tmp_path).is_dir()


@pytest.mark.parametrize("file", [WEIGHTS, "config.json"])
def test_a_file_that_arrives_with_other_bytes_is_refused_by_its_name(
    hub: FakeHub, address: str, tmp_path: Path, file: str
) -> None:
    hub.corrupt = {file}
    with pytest.raises(ModelError, match=f"{file} arrived from .* with other bytes"):
        fetched(address, tmp_path)
    assert not (tmp_path / "tiny").exists()
    assert not (unfinished_fetch(tmp_path, "tiny") / f"{file}.unfinished").exists()
    hub.corrupt.clear()
    assert fetched(address, tmp_path).is_dir()


def test_only_what_is_damaged_is_fetched_again(hub: FakeHub, address: str, tmp_path: Path) -> None:
    folder = fetched(address, tmp_path)
    (folder / "config.json").write_bytes(b"#" * (folder / "config.json").stat().st_size)
    (folder / "tokenizer_config.json").unlink()
    hub.asked.clear()
    assert fetched(address, tmp_path) == folder
    assert {file for file, _ in hub.asked} == {"config.json", "tokenizer_config.json"}
    assert {file.state for file in check_files(folder)} == {"ok"}
    assert {entry.name for entry in tmp_path.iterdir()} == {"tiny", ".lock-tiny"}


def test_the_revision_that_was_fetched_stays_until_another_is_asked_for(
    hub: FakeHub, address: str, tmp_path: Path
) -> None:
    fetched(address, tmp_path)
    files = hub.repositories[MODEL.hub_id].commits[FIRST]
    hub.add(MODEL.hub_id, SECOND, files | {"README.md": b"news"})
    hub.listed.clear()
    fetched(address, tmp_path)
    assert (hub.listed, (tmp_path / "tiny" / "README.md").exists()) == ([FIRST], False)
    hub.asked.clear()
    fetched(address, tmp_path, "main")
    assert (tmp_path / "tiny" / "README.md").read_bytes() == b"news"
    assert [file for file, _ in hub.asked] == ["README.md"]
    source = read_source(tmp_path / "tiny")
    assert source is not None
    assert source.revision == SECOND


def test_a_pinned_revision_is_what_is_asked_for(hub: FakeHub, address: str, tmp_path: Path) -> None:
    hub.add(MODEL.hub_id, SECOND, {"config.json": b"{}", WEIGHTS: b"news"})
    pinned = KnownModel("tiny", MODEL.hub_id, FIRST, "none", True, False, {})
    assert plan_fetch(Hub(address), pinned, tmp_path).listing.revision == FIRST
    assert hub.listed == [FIRST]


def test_a_gated_model_tells_how_to_be_let_in(hub: FakeHub, address: str, tmp_path: Path) -> None:
    hub.repositories[MODEL.hub_id].gated = "hf_good"
    with pytest.raises(ModelError, match=f"is gated: accept its licence at {address}/acme/Tiny.*set HF_TOKEN"):
        fetched(address, tmp_path)
    with pytest.raises(ModelError, match="the account of the token that was used has not been let in"):
        fetched(address, tmp_path, token="hf_other")
    assert hub.asked == []
    assert fetched(address, tmp_path, token="hf_good").is_dir()


def test_what_the_hub_has_not_is_told(hub: FakeHub, address: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"acme/Tiny at .* has no revision v9; `--revision main`"):
        fetched(address, tmp_path, "v9")
    del hub.repositories[MODEL.hub_id]
    with pytest.raises(ModelError, match=r"has no model acme/Tiny, or shows it only to some.*HF_TOKEN"):
        fetched(address, tmp_path)
    hub.add(MODEL.hub_id, FIRST, {"config.json": b"{}"})
    with pytest.raises(ModelError, match="there are no weights"):
        fetched(address, tmp_path)
    hub.add(MODEL.hub_id, FIRST, {"../config.json": b"{}", WEIGHTS: b"x"})
    with pytest.raises(ModelError, match=r"'\.\./config\.json', which lies outside"):
        fetched(address, tmp_path)


def test_without_a_network_the_other_way_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match=r"cannot be fetched from .*export NAME FILE\.tar.*models import FILE\.tar"):
        fetched(unused_address(), tmp_path)
    with pytest.raises(ModelError, match=r"is no address .*correct HF_ENDPOINT"):
        fetched("hub.example.org", tmp_path)


def test_a_model_that_does_not_fit_is_refused_before_anything_is_written(address: str, tmp_path: Path) -> None:
    plan = plan_fetch(Hub(address), MODEL, tmp_path / "models")
    with pytest.raises(ModelError, match=r"tiny needs \d+\.\d MB in .*models, where 0\.5 MB are free.*engine\.models"):
        require_room(plan.models, "tiny", plan.missing_bytes, free=lambda folder: 500_000)
    require_room(plan.models, "tiny", plan.missing_bytes, free=lambda folder: 500_000_000_000)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_leaves_what_has_arrived(address: str, tmp_path: Path) -> None:
    """The limit of a process on the size of files fails a write just as a full disk does."""
    program = (
        "import resource, signal, sys; from pathlib import Path;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000));"
        "sys.path.insert(0, sys.argv[3]); import test_fetching;"
        "test_fetching.fetched(sys.argv[1], Path(sys.argv[2]))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, address, str(tmp_path), str(Path(__file__).parent)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "model.safetensors.unfinished cannot be written (File too large); make room" in ended.stderr
    there = unfinished_fetch(tmp_path, "tiny") / f"{WEIGHTS}.unfinished"
    assert 0 < there.stat().st_size <= 200_000
    assert not (tmp_path / "tiny").exists()
    assert fetched(address, tmp_path).is_dir()


def test_one_name_is_fetched_by_one_at_a_time(hub: FakeHub, address: str, tmp_path: Path) -> None:
    with locked(tmp_path, "tiny"), pytest.raises(ModelError, match="another codeassist is fetching or importing tiny"):
        fetched(address, tmp_path)
    assert hub.asked == []
    assert fetched(address, tmp_path).is_dir()


def test_a_folder_that_may_not_be_written_is_told(address: str) -> None:
    """Nobody makes a folder there, not even root."""
    with pytest.raises(ModelError, match=r"/sys/models cannot be written .*engine\.models"):
        fetched(address, Path("/sys/models"))


def test_a_file_where_the_folder_of_models_should_be_is_told(address: str, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("no folder")
    with pytest.raises(ModelError, match=r"models is no folder; set engine\.models"):
        fetched(address, tmp_path / "models")


@pytest.mark.parametrize("text", [json.dumps({"name": "tiny", "files": {"x": {}}}), "{", "[]"])
def test_a_record_that_makes_no_sense_is_told_and_written_anew(address: str, tmp_path: Path, text: str) -> None:
    folder = fetched(address, tmp_path)
    (folder / SOURCE).write_text(text)
    with pytest.raises(ModelError, match=r"codeassist-source\.json"):
        read_source(folder)
    found = inspected(plan_fetch(Hub(address), MODEL, tmp_path))
    assert (found.missing_bytes, found.is_whole) == (0, False)
    fetched(address, tmp_path)
    assert read_source(folder) is not None
    assert {file.state for file in check_files(folder)} == {"ok"}


def test_an_inspected_plan_knows_what_has_changed(address: str, tmp_path: Path) -> None:
    client = Hub(address)
    folder = fetched(address, tmp_path)
    plan = plan_fetch(client, MODEL, tmp_path)
    assert (plan.missing_bytes, inspected(plan).is_whole) == (0, True)
    n_bytes = (folder / "config.json").stat().st_size
    (folder / "config.json").write_bytes(b"#" * n_bytes)
    moved: list[int] = []
    found = inspected(plan, moved.append)
    assert (found.missing_bytes, found.is_whole, sum(moved)) == (n_bytes, False, plan.n_bytes)
    folder.rename(unfinished_fetch(tmp_path, "tiny"))  # killed before it was put in place
    found = inspected(plan)
    assert (found.missing_bytes, found.is_whole) == (n_bytes, False)


def test_a_hub_learns_no_more_than_who_asks(
    hub: FakeHub, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AI_AGENT", "some-agent")
    fetched(address, tmp_path)
    assert hub.agents == {f"codeassist/{__version__}"}


@pytest.mark.parametrize("name", ["a\x1b[2J.json", "a\nb.json", "a\x00.json", "a\x9bb.json"])
def test_names_that_write_to_a_terminal_are_refused(hub: FakeHub, address: str, tmp_path: Path, name: str) -> None:
    hub.add(MODEL.hub_id, FIRST, {name: b"{}", WEIGHTS: b"x"})
    with pytest.raises(ModelError, match="no disk or terminal") as told:
        fetched(address, tmp_path)
    assert str(told.value).isprintable()
    assert list(tmp_path.iterdir()) == []


def test_names_that_differ_by_large_and_small_letters_are_refused(hub: FakeHub, address: str, tmp_path: Path) -> None:
    hub.add(MODEL.hub_id, FIRST, {"config.json": b"{}", "Config.json": b"[]", WEIGHTS: b"x"})
    with pytest.raises(ModelError, match=r"Config\.json and config\.json|config\.json and Config\.json"):
        fetched(address, tmp_path)


def test_a_hub_does_not_write_our_own_record(hub: FakeHub, address: str, tmp_path: Path) -> None:
    files = hub.repositories[MODEL.hub_id].commits[FIRST]
    hub.add(MODEL.hub_id, FIRST, files | {SOURCE: b'{"name": "tiny", "hub_id": "evil/Tiny", "revision": "main"}'})
    source = read_source(fetched(address, tmp_path))
    assert source is not None
    assert (source.hub_id, source.revision) == (MODEL.hub_id, FIRST)


def test_links_in_the_folder_of_models_are_not_written_through(address: str, tmp_path: Path) -> None:
    bystander = tmp_path / "bystander"
    bystander.mkdir()
    (bystander / "mine").write_text("mine")
    models = tmp_path / "models"
    models.mkdir()
    unfinished_fetch(models, "tiny").symlink_to(bystander)
    fetched(address, models)
    assert [entry.name for entry in bystander.iterdir()] == ["mine"]

    unfinished_fetch(models, "tiny").mkdir()
    (models / "tiny" / "config.json").unlink()
    (unfinished_fetch(models, "tiny") / "config.json.unfinished").symlink_to(bystander / "mine")
    assert not (fetched(address, models) / "config.json").is_symlink()
    assert (bystander / "mine").read_text() == "mine"


@pytest.mark.parametrize(
    "page", ["<html>Sign in</html>", "[]", '{"siblings": "x"}', '{"siblings": [{"rfilename": 1}]}']
)
def test_what_answers_as_no_hub_is_told(hub: FakeHub, address: str, tmp_path: Path, page: str) -> None:
    hub.page = page
    with pytest.raises(ModelError, match=r"answers as no hub does; correct HF_ENDPOINT, or sign in"):
        fetched(address, tmp_path)


def test_a_token_with_a_line_end_is_sent_without_and_one_that_is_none_is_not_shown(
    hub: FakeHub, address: str, tmp_path: Path
) -> None:
    hub.repositories[MODEL.hub_id].gated = "hf_secret"
    assert fetched(address, tmp_path, token="hf_secret\n").is_dir()
    for token in ("hf_sécret", "hf_a\nb: c", "hf_secret\x01"):
        with pytest.raises(ModelError, match="HF_TOKEN holds letters that no token has") as told:
            fetched(address, tmp_path, token=token)
        assert "hf_" not in str(told.value)


def test_a_password_of_the_endpoint_is_not_shown() -> None:
    elsewhere = unused_address().replace("://", "://me:secret@")
    assert "secret" not in Hub(elsewhere).address
    with pytest.raises(Unreachable) as told:
        Hub(elsewhere).listing(MODEL.hub_id, "main")
    assert "secret" not in str(told.value)
