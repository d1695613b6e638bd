"""Dependencies of changed lines beside a local copy of advisories."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from codeassist.review.changes import ChangedFile
from codeassist.review.vulnerabilities.advisories import AdvisoriesUnusable, read_advisories
from codeassist.review.vulnerabilities.declared import declared
from codeassist.review.vulnerabilities.dependencies import changed_packages, find
from codeassist.review.vulnerabilities.versions import fixed_in, is_affected, version_key

TWO_RANGES = (("introduced", "2.0"), ("fixed", "2.5"), ("introduced", "3.0"), ("fixed", "3.2"))
PSEUDO = "0.0.0-20200101000000-abcdef123456"


def events(*pairs: tuple[str, str], kind: str = "ECOSYSTEM") -> dict[str, Any]:
    return {"ranges": [{"type": kind, "events": [{name: version} for name, version in pairs]}]}


@pytest.mark.parametrize(
    ("ecosystem", "version", "affected", "expected"),
    [
        ("PyPI", "2.19.0", events(("introduced", "0"), ("fixed", "2.20.0")), True),
        ("PyPI", "2.20.0", events(("introduced", "0"), ("fixed", "2.20.0")), False),
        ("PyPI", "2.20", events(("introduced", "0"), ("fixed", "2.20.0")), False),
        ("PyPI", "2.20.0rc1", events(("introduced", "0"), ("fixed", "2.20.0")), True),
        ("PyPI", "1.10", events(("introduced", "1.9"), ("fixed", "1.11")), True),
        ("PyPI", "1.8", events(("introduced", "1.9"), ("fixed", "1.11")), False),
        ("PyPI", "1!1.0", events(("introduced", "0"), ("fixed", "2.0")), False),
        ("PyPI", "3.1", events(*TWO_RANGES), True),
        ("PyPI", "2.7", events(*TWO_RANGES), False),
        ("PyPI", "2.7", events(*reversed(TWO_RANGES)), False),
        ("PyPI", "1.5", events(("introduced", "0"), ("last_affected", "1.5")), True),
        ("PyPI", "1.5.1", events(("introduced", "0"), ("last_affected", "1.5")), False),
        ("PyPI", "9.9", events(("introduced", "0")), True),
        ("PyPI", "1.2.post1", {"versions": ["1.2.post1"]}, True),
        ("PyPI", "1.3", {"versions": ["1.2"]}, False),
        ("PyPI", "odd", events(("introduced", "0")), False),
        ("npm", "4.17.20", events(("introduced", "0"), ("fixed", "4.17.21"), kind="SEMVER"), True),
        ("npm", "4.17.21", events(("introduced", "0"), ("fixed", "4.17.21"), kind="SEMVER"), False),
        ("npm", "4.17.21-rc.1", events(("introduced", "0"), ("fixed", "4.17.21"), kind="SEMVER"), True),
        ("npm", "1.0.0-beta.11", events(("introduced", "1.0.0-beta.2"), ("fixed", "1.0.0-rc.1"), kind="SEMVER"), True),
        ("npm", "1.0.0+build", events(("introduced", "1.0.1"), kind="SEMVER"), False),
        ("Go", "1.9.1", events(("introduced", "0"), ("fixed", "1.10.0"), kind="SEMVER"), True),
        ("Go", PSEUDO, events(("introduced", "0"), ("fixed", "0.1.0"), kind="SEMVER"), True),
        ("crates.io", "0.3.5", events(("introduced", "0.3.0"), ("fixed", "0.3.6"), kind="SEMVER"), True),
        ("npm", "1.0.0", events(("introduced", "0"), kind="GIT"), False),
        ("npm", "latest", events(("introduced", "0"), kind="SEMVER"), False),
    ],
)
def test_which_versions_an_advisory_means(ecosystem: str, version: str, affected: Any, expected: bool) -> None:
    assert is_affected(ecosystem, version, affected) is expected


def test_versions_of_semver_are_in_its_order() -> None:
    ordered = [
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
    ]
    keys = [version_key("npm", version) for version in ordered]
    assert None not in keys
    assert keys == sorted(keys, key=lambda key: key or ())


def test_the_fix_is_the_first_one_behind_the_version() -> None:
    both = events(*TWO_RANGES)
    assert [fixed_in("PyPI", version, both) for version in ("2.1", "3.0", "4.0")] == ["2.5", "3.2", ""]


REQUIREMENTS = """\
Requests_X==2.19.0
other>=1
# no==1
-r base.txt
a[b,c]==1.0 ; python_version < "3.12"  # why
d==1.0 \\
    --hash=sha256:abc
e===2 --hash=sha256:abc
"""
PYPROJECT = """\
[project]
name = "x"
version = "1.0"
dependencies = [
  "a==1.0",
  "b>=2",  # "c==1"
]
[tool.poetry.dependencies]
python = "3.11"
d = "1.2.3"
e = "^1.2"
f = {version = "2.0", extras = ["x"]}
"""
POETRY = """\
[[package]]
name = "A.b"
version = "1.0"

[package.dependencies]
c = "*"

[[package]]
name = "d"
version = "2"
"""
PACKAGE_JSON = """\
{
  "version": "1.0.0",
  "dependencies": {
    "@a/b": "1.2.3",
    "c": "^1.0.0"
  },
  "scripts": {
    "d": "1.0.0"
  }
}
"""
PACKAGE_LOCK = """\
{
  "name": "x",
  "version": "1.0.0",
  "lockfileVersion": 3,
  "packages": {
    "": {
      "version": "1.0.0"
    },
    "node_modules/@a/b": {
      "version": "1.2.3"
    },
    "node_modules/a/node_modules/c": {
      "version": "2.0.0"
    },
    "packages/own": {
      "version": "9.0.0"
    }
  }
}
"""
OLD_PACKAGE_LOCK = """\
{
  "dependencies": {
    "a": {
      "version": "1.2.3",
      "requires": {
        "b": "^1.0.0"
      }
    }
  }
}
"""
YARN_1 = """\
# THIS IS AN AUTOGENERATED FILE. DO NOT EDIT THIS FILE DIRECTLY.
# yarn lockfile v1


"@acme/till@^2.0.0", "@acme/till@^2.1.0":
  version "2.1.3"
  resolved "https://registry.yarnpkg.com/@acme/till/-/till-2.1.3.tgz#0a"
  dependencies:
    version "^9.0.0"

apples@^1.0.0, "apples@>=1 <2":
  version "1.4.0"

"pears@npm:other-pears@^3.0.0":
  version "3.0.1"

"cart@github:acme/cart#main":
  version "5.0.0"

cart@acme/cart:
  version "5.0.0"

"own@file:../own":
  version "6.0.0"
"""
YARN_4 = """\
__metadata:
  version: 8
  cacheKey: 10c0

"@acme/till@npm:^2.0.0, @acme/till@npm:^2.1.0":
  version: 2.1.3
  resolution: "@acme/till@npm:2.1.3"
  dependencies:
    apples: "npm:^1.0.0"
  languageName: node
  linkType: hard

"pears@npm:other-pears@^3.0.0":
  version: 3.0.1
  resolution: "other-pears@npm:3.0.1::__archiveUrl=https%3A%2F%2Fnpm.acme.internal%2Fother-pears"

"root@workspace:.":
  version: 0.0.0-use.local
  resolution: "root@workspace:."

"till@patch:till@npm%3A1.0.0#optional!builtin<compat/till>":
  version: 1.0.0
  resolution: "till@patch:till@npm%3A1.0.0#optional!builtin<compat/till>::version=1.0.0&hash=5adc0c"
"""
PNPM_5 = """\
lockfileVersion: 5.4

specifiers:
  apples: ^1.0.0

dependencies:
  apples: 1.4.0

packages:

  /@acme/till/2.1.3:
    resolution: {integrity: sha512-a==}
    dependencies:
      apples: 1.4.0
    dev: false

  /apples/1.4.0_pears@3.0.1:
    resolution: {integrity: sha512-b==}

  github.com/acme/cart/0a1b2c:
    version: 5.0.0

  file:../own:
    version: 6.0.0
"""
PNPM_6 = """\
lockfileVersion: '6.0'

dependencies:
  apples:
    specifier: ^1.0.0
    version: 1.4.0(pears@3.0.1)

packages:

  /@acme/till@2.1.3:
    resolution: {integrity: sha512-a==}

  /apples@1.4.0(pears@3.0.1):
    resolution: {integrity: sha512-b==}

  '@github.com/acme/cart/0a1b2c':
    version: 5.0.0
"""
PNPM_9 = """\
lockfileVersion: '9.0'

importers:

  .:
    dependencies:
      apples:
        specifier: ^1.0.0
        version: 1.4.0(pears@3.0.1)

packages:

  '@acme/till@2.1.3-rc.1':
    resolution: {integrity: sha512-a==}

  apples@1.4.0:
    resolution: {integrity: sha512-b==}

  cart@https://codeload.github.com/acme/cart/tar.gz/0a1b2c:
    resolution: {tarball: https://codeload.github.com/acme/cart/tar.gz/0a1b2c}
    version: 5.0.0

snapshots:

  apples@1.4.0(pears@3.0.1): {}
"""
GO_MOD = """\
module example.com/x

go 1.21

require github.com/a/b v1.2.3

require (
\tgolang.org/x/text v0.3.0 // indirect
\tgithub.com/c/d v2.0.0+incompatible
)

exclude github.com/e/f v1.0.0
"""
CARGO_LOCK = 'version = 3\n\n[[package]]\nname = "a_b"\nversion = "1.0.0"\n'
CARGO = '[package]\nversion = "1.0.0"\n[dependencies]\na = "=1.2.3"\nb = "1.2"\n'


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            "requirements.txt",
            REQUIREMENTS,
            ["PyPI requests-x 2.19.0 1", "PyPI a 1.0 5", "PyPI d 1.0 6", "PyPI e 2 8"],
        ),
        ("requirements/base.txt", "a==1.0\n", ["PyPI a 1.0 1"]),
        ("requirements-dev.in", "a==1.0\n", ["PyPI a 1.0 1"]),
        ("constraints.txt", "a==1.*\nb ~= 1.0\nc @ https://x/c.whl\n???\n", []),
        ("pyproject.toml", PYPROJECT, ["PyPI a 1.0 5", "PyPI d 1.2.3 10", "PyPI f 2.0 12"]),
        ("poetry.lock", POETRY, ["PyPI a-b 1.0 3", "PyPI d 2 10"]),
        ("uv.lock", 'version = 1\n[[package]]\nname = "a"\nversion = "1.0"\n', ["PyPI a 1.0 4"]),
        ("Cargo.lock", CARGO_LOCK, ["crates.io a_b 1.0.0 5"]),
        ("Cargo.toml", CARGO, ["crates.io a 1.2.3 4"]),
        ("package.json", PACKAGE_JSON, ["npm @a/b 1.2.3 4"]),
        ("package-lock.json", PACKAGE_LOCK, ["npm @a/b 1.2.3 10", "npm c 2.0.0 13"]),
        ("package-lock.json", OLD_PACKAGE_LOCK, ["npm a 1.2.3 4"]),
        ("yarn.lock", YARN_1, ["npm @acme/till 2.1.3 6", "npm apples 1.4.0 12", "npm other-pears 3.0.1 15"]),
        ("yarn.lock", YARN_4, ["npm @acme/till 2.1.3 7", "npm other-pears 3.0.1 15"]),
        ("pnpm-lock.yaml", PNPM_5, ["npm @acme/till 2.1.3 11", "npm apples 1.4.0 17"]),
        ("pnpm-lock.yaml", PNPM_6, ["npm @acme/till 2.1.3 10", "npm apples 1.4.0 13"]),
        ("pnpm-lock.yaml", PNPM_9, ["npm @acme/till 2.1.3-rc.1 13", "npm apples 1.4.0 16"]),
        ("yarn.lock", '"' * 400 + "\na@:\n@@@,,\n  version\n", []),
        ("pnpm-lock.yaml", "packages:\n  /:\n  '@':\n  ///1.0.0\n", []),
        ("go.mod", GO_MOD, ["Go github.com/a/b 1.2.3 5", "Go golang.org/x/text 0.3.0 8", "Go github.com/c/d 2.0.0 9"]),
        ("notes.txt", "a==1.0\n", []),
        ("poetry.lock", "\x00\ud800" * 50 + "\n[[package\n", []),
        ("package-lock.json", '{"a": {' * 1000, []),
        ("requirements.txt", "a" * 1_000_000 + "==1.0\n", []),
    ],
)
def test_what_dependency_files_say(path: str, text: str, expected: list[str]) -> None:
    found = declared(path, text.split("\n"))
    assert [f"{one.ecosystem} {one.name} {one.version} {one.line}" for one in found] == expected


def test_only_changed_versions_count() -> None:
    before = "a==1.0\nb==1.0\n"
    file = ChangedFile("requirements.txt", "modified", old_text=before, new_text="b==1.0\na==1.0  # moved\nc==2.0\n")
    assert [package.name for _, package in changed_packages([file])] == ["c"]
    lock = '[[package]]\nname = "a"\nversion = "1.0"\n'
    bumped = ChangedFile("uv.lock", "modified", old_text=lock, new_text=lock.replace("1.0", "1.1"))
    assert [package.version for _, package in changed_packages([bumped])] == ["1.1"]


def advisory(name: str = "requests", ecosystem: str = "PyPI", **more: Any) -> dict[str, Any]:
    affected = {"package": {"ecosystem": ecosystem, "name": name}, **events(("introduced", "0"), ("fixed", "2.20.0"))}
    return {"id": "GHSA-1", "aliases": ["CVE-2018-1"], "summary": "Leaks  credentials.", "affected": [affected], **more}


REQUESTS = ChangedFile("requirements.txt", "added", new_text="flask==1.0\nrequests==2.19.0\n")


def written(place: Path, *advisories: Any) -> Path:
    """As a folder, a file, or an archive, by the name."""
    texts = [json.dumps(one).encode() for one in advisories]
    if place.suffix == ".json":
        place.write_bytes(b"[" + b",".join(texts) + b"]")
    elif place.suffix == ".zip":
        with zipfile.ZipFile(place, "w") as archive:
            for number, text in enumerate(texts):
                archive.writestr(f"{number}.json", text)
    elif ".tar" in place.name:
        with tarfile.open(place, "w:gz") as tar:
            for number, text in enumerate(texts):
                info = tarfile.TarInfo(f"PyPI/{number}.json")
                info.size = len(text)
                tar.addfile(info, io.BytesIO(text))
    else:
        (place / "PyPI").mkdir(parents=True)
        for number, text in enumerate(texts):
            (place / "PyPI" / f"{number}.json").write_bytes(text)
    return place


@pytest.mark.parametrize("name", ["one.json", "all.zip", "all.tar.gz", "folder"])
def test_a_vulnerable_version_is_told_with_its_remedy(tmp_path: Path, name: str) -> None:
    place = written(tmp_path / name, advisory("other"), advisory(database_specific={"severity": "HIGH"}))
    (finding,), note = find([REQUESTS], place, lambda: False)
    assert (finding.path, finding.start_line, finding.severity, note) == ("requirements.txt", 2, "error", "")
    assert finding.message == "requests 2.19.0 has CVE-2018-1 (GHSA-1): Leaks credentials; fixed in 2.20.0"


def test_several_advisories_are_one_finding(tmp_path: Path) -> None:
    later = advisory(id="PYSEC-9", aliases=["CVE-2020-9"], database_specific={"severity": "CRITICAL"})
    later["affected"][0]["ranges"][0]["events"][1] = {"fixed": "2.31.0"}
    twice = advisory(id="PYSEC-1")
    (finding,), _ = find([REQUESTS], written(tmp_path / "a.zip", advisory(), later, twice), lambda: False)
    assert finding.message.startswith("requests 2.19.0 has CVE-2020-9 (PYSEC-9), CVE-2018-1 (")
    assert finding.message.endswith("; fixed in 2.31.0")
    assert finding.message.count("CVE-2018-1") == 1


def test_without_a_fix_that_is_said(tmp_path: Path) -> None:
    open_ended = advisory()
    del open_ended["affected"][0]["ranges"][0]["events"][1]
    (finding,), _ = find([REQUESTS], written(tmp_path / "a.json", open_ended), lambda: False)
    assert finding.message.endswith("no release without it is known")


@pytest.mark.parametrize(
    "one",
    [
        advisory("flask-other"),
        advisory(ecosystem="npm"),
        advisory(withdrawn="2020-01-01T00:00:00Z"),
        {"id": "X", "affected": [{"package": {"ecosystem": "PyPI", "name": "requests"}, "versions": ["2.18.0"]}]},
        {"id": "X", "affected": [{"package": None}, {}]},
        {"id": "X"},
    ],
)
def test_what_is_about_something_else_is_not_told(tmp_path: Path, one: Any) -> None:
    assert find([REQUESTS], written(tmp_path / "a.json", one), lambda: False) == ([], "")


def test_names_of_python_packages_are_the_same_however_they_are_written(tmp_path: Path) -> None:
    file = ChangedFile("requirements.txt", "added", new_text="My.Package_x==1.0\n")
    findings, _ = find([file], written(tmp_path / "a.json", advisory("my_package-X")), lambda: False)
    assert len(findings) == 1


def test_where_no_dependency_changed_nothing_is_read(tmp_path: Path) -> None:
    assert find([ChangedFile("a.py", "added", new_text="x = 1\n")], tmp_path / "none", lambda: False) == ([], "")


def test_when_time_is_up_it_ends(tmp_path: Path) -> None:
    place = written(tmp_path / "a.zip", advisory())
    assert find([REQUESTS], place, lambda: True) == ([], "time was up before every advisory was read")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("gone.json", None, "No such file"),
        ("a.txt", b"x", "holds no advisories"),
        ("a.json", b'{"name": "requests"', "is not valid JSON"),
        ("a.json", b'{"name": "requests"}', "holds no OSV advisory"),
        ("a.json", b'[["name", {"name": "requests"}]]', "holds no OSV advisory"),
        ("a.json", b'{"id": "X", "affected": {"name": "requests"}}', "holds no OSV advisory"),
        ("a.json", b"[" * 100_000 + b'"name": "requests"', "is not valid JSON"),
        ("a.zip", b"PK\x03\x04broken", "cannot be read"),
        ("a.tar.gz", b"\x1f\x8bbroken", "cannot be read"),
    ],
)
def test_what_is_no_advisory_file_is_told_with_the_remedy(
    tmp_path: Path, name: str, content: bytes | None, words: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(AdvisoriesUnusable, match=words) as caught:
        list(read_advisories(tmp_path / name, ["requests"], lambda: False))
    assert "give a file or folder of OSV advisories" in str(caught.value)


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(AdvisoriesUnusable, match="holds no advisories"):
        find([REQUESTS], tmp_path, lambda: False)


def test_what_was_cut_off_in_an_archive_is_told(tmp_path: Path) -> None:
    place = written(tmp_path / "all.zip", advisory())
    place.write_bytes(place.read_bytes()[:-40])
    with pytest.raises(AdvisoriesUnusable, match="cannot be read"):
        find([REQUESTS], place, lambda: False)


@pytest.mark.parametrize("name", ["a.zip", "a.tar.xz"])
def test_a_damaged_archive_is_told(tmp_path: Path, name: str) -> None:
    content = json.dumps([advisory(id=f"X-{n}", details=str(n) * 99) for n in range(500)]).encode()
    if name == "a.zip":
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.json", content)
    else:
        (tmp_path / "a.json").write_bytes(content)
        with tarfile.open(tmp_path / name, "w:xz") as tar:
            tar.add(tmp_path / "a.json")
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[:200] + b"\xff" * 200 + whole[400:])
    with pytest.raises(AdvisoriesUnusable, match="cannot be read"):
        list(read_advisories(tmp_path / name, ["requests"], lambda: False))
