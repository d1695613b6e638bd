from __future__ import annotations

import json
import stat
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from codeassist.errors import ConfigError
from codeassist.private_files import replace_private
from codeassist.server.keys import KeyRing, add_key, keys_file, read_keys, remove_key

MADE = "2026-01-02T03:04:05+00:00"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "codeassist" / "keys.json"


def names(path: Path) -> list[str]:
    return [key.name for key in read_keys(path)]


def test_keys_are_kept_beside_the_users_settings() -> None:
    assert keys_file({"XDG_CONFIG_HOME": "/c"}) == Path("/c/codeassist/keys.json")


def test_a_key_is_long_random_and_kept_as_a_hash_alone(path: Path) -> None:
    first, second = add_key(path, "laptop", MADE), add_key(path, "ci", MADE)
    assert first.startswith("ca-")
    assert len(first) == 46
    assert first != second
    content = path.read_text()
    assert first[3:] not in content
    assert second[3:] not in content
    assert json.loads(content)["keys"][0].keys() == {"name", "sha256", "created"}


def test_only_the_owner_can_read_the_file(path: Path) -> None:
    add_key(path, "laptop", MADE)
    remove_key(path, "laptop")
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}
    assert sorted(file.name for file in path.parent.iterdir()) == ["keys.json", "keys.lock"]


def test_a_removed_key_is_gone_and_others_stay(path: Path) -> None:
    for name in ("a", "b", "c"):
        add_key(path, name, MADE)
    remove_key(path, "b")
    assert names(path) == ["a", "c"]
    with pytest.raises(ConfigError, match="no key 'b'; there is a, c"):
        remove_key(path, "b")


@pytest.mark.parametrize("name", ["", "a b", "-a", "a/b", "a\n", "é", "a" * 65])
def test_what_is_no_name_is_refused(path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="no name for a key"):
        add_key(path, name, MADE)
    assert not path.exists()


def test_a_name_is_given_once(path: Path) -> None:
    add_key(path, "a", MADE)
    with pytest.raises(ConfigError, match="keys remove a"):
        add_key(path, "a", MADE)


def test_edits_at_the_same_time_lose_nothing(path: Path) -> None:
    with ProcessPoolExecutor(4) as pool:
        list(pool.map(partial(add_key, path, created=MADE), [f"k{n}" for n in range(40)]))
    assert sorted(names(path)) == sorted(f"k{n}" for n in range(40))


ENTRY = '{"name": "a", "sha256": "' + "0" * 64 + '", "created": ""}'


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        "\x00",
        "{" * 9999,
        '{"keys": {}}',
        '{"keys": [1]}',
        '{"keys": [{}]}',
        '{"keys": [' + ENTRY.replace('"0', '"x') + "]}",
        '{"keys": [' + ENTRY.replace('"a"', '"a b"') + "]}",
        '{"keys": [' + ENTRY + '], "more": 1}',
        "x" * 2_000_000,
    ],
    ids=range(12),
)
def test_a_damaged_file_is_told_with_what_to_do_and_left_alone(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(content)
    path.chmod(0o600)
    for act in (read_keys, partial(add_key, name="a", created=MADE), partial(remove_key, name="a")):
        with pytest.raises(ConfigError, match=r"keys\.json holds no API keys .*put a backup in its place"):
            act(path)
    assert path.read_text() == content


def test_a_file_that_others_may_write_is_not_trusted(path: Path) -> None:
    add_key(path, "a", MADE)
    path.chmod(0o620)
    with pytest.raises(ConfigError, match="chmod 600"):
        read_keys(path)


def test_a_folder_in_the_place_of_the_file_is_told(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_keys(path)


def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file")
    with pytest.raises(ConfigError, match="cannot be changed"):
        add_key(tmp_path / "config" / "codeassist" / "keys.json", "a", MADE)


async def test_a_running_server_knows_keys_as_they_come_and_go(path: Path) -> None:
    ring = KeyRing(path)
    assert await ring.holder(["ca-unknown"]) is None
    laptop, ci = add_key(path, "laptop", MADE), add_key(path, "ci", MADE)
    assert await ring.holder([laptop]) == "laptop"
    assert await ring.holder(["ca-unknown", ci]) == "ci"
    assert await ring.holder([]) is None
    assert await ring.holder([laptop[:-1], laptop + " ", laptop.upper(), "", "ü", "\ud800"]) is None
    remove_key(path, "laptop")
    assert await ring.holder([laptop]) is None
    assert await ring.holder([ci]) == "ci"


def damage(path: Path) -> str:
    """Cut the file off in the middle; what it was."""
    whole = path.read_text()
    path.write_text(whole[:-9])
    return whole


async def test_a_file_that_gets_damaged_opens_to_nobody_until_it_is_mended(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ring = KeyRing(path)
    key = add_key(path, "laptop", MADE)
    assert await ring.holder([key]) == "laptop"
    whole = damage(path)
    assert [await ring.holder([key]) for _ in range(3)] == [None, None, None]
    assert "holds no API keys" in ring.trouble
    assert caplog.text.count("no API key is accepted") == 1
    replace_private(path, whole)
    assert (await ring.holder([key]), ring.trouble) == ("laptop", "")
