"""Where training text comes from: bare git repositories, wheels, the standard library; with licence and version.

Only licences that allow everything but taking the notice away. What a file says of itself in its head counts too.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path

from codeassist.documents import language_of

GIT_TIMEOUT_S = 600

_LICENCES = (
    ("Apache-2.0", re.compile(r"apache license|apache version 2\.0|apache.2\.0|licensed under the apache", re.I)),
    ("MIT", re.compile(r"(?i:permission is hereby granted, free of charge)|\bMIT\b")),
    ("BSD", re.compile(r"redistribution and use in source and binary forms|3-clause bsd|\bBSD\b", re.I)),
    ("PSF-2.0", re.compile(r"python software foundation", re.I)),
    ("ISC", re.compile(r"\bISC\b|permission to use, copy, modify")),
    ("Zlib", re.compile(r"\bzlib\b", re.I)),
    ("Unlicense", re.compile(r"unlicense", re.I)),
)
_COPYLEFT = re.compile(r"\W*(gnu (lesser |affero |library )?general public|mozilla public|(a|l)?gpl)", re.I)
_LICENCE_FILE = re.compile(r"^(licen[cs]e|copying|unlicense)", re.I)


@dataclass(frozen=True, slots=True)
class Source:
    """One repository or package. version: a commit or a release; licence: "" when none of ours was recognised."""

    name: str
    kind: str
    location: str
    version: str
    licence: str


def find_sources(mirror: Path, wheels: Path) -> list[Source]:
    """All repositories and packages there are, repositories first; a package that is also a repository is left out."""
    folders = [folder / "repo" / inner for folder in sorted(mirror.iterdir()) for inner in ("", ".git")]
    repositories = [_repository(folder) for folder in folders if (folder / "HEAD").exists()]
    names = {source.name.split("/")[-1].lower().replace("-", "_") for source in repositories}
    packages = [_wheel(file) for file in sorted(wheels.glob("*.whl"))]
    extra = [package for package in packages if package.name.lower() not in names]
    version = sys.version.split()[0]
    standard = Source("python-standard-library", "library", sysconfig.get_paths()["stdlib"], version, "PSF-2.0")
    return [*repositories, *extra, standard]


def read_files(source: Source) -> Iterator[tuple[str, bytes]]:
    """(path, content) of every regular file."""
    if source.kind == "repository":
        yield from _read_repository(Path(source.location))
    elif source.kind == "wheel":
        yield from _read_wheel(Path(source.location))
    else:
        yield from _read_folder(Path(source.location))


def classify(licence: str) -> str:
    """SPDX-like name of a licence text that we accept, "" for any other."""
    head = " ".join(licence.split())[:3000]
    if _COPYLEFT.match(head):
        return ""
    return next((name for name, pattern in _LICENCES if pattern.search(head)), "")


def _git(location: Path, *arguments: str) -> bytes:
    command = ["git", f"--git-dir={location}", *arguments]
    return subprocess.run(command, check=True, capture_output=True, timeout=GIT_TIMEOUT_S).stdout


def _repository(location: Path) -> Source:
    """One clone, bare or not, at `owner+name/repo`."""
    commit = _git(location, "rev-parse", "HEAD").decode().strip()
    names = _git(location, "ls-tree", "--name-only", "HEAD").decode().splitlines()
    texts = [_licence_text(location, name) for name in sorted(names, key=_licence_rank) if _LICENCE_FILE.match(name)]
    licence = next((found for text in texts if (found := classify(text))), "")
    folder = location.parent if location.name == "repo" else location.parent.parent
    return Source(folder.name.replace("+", "/", 1), "repository", str(location), commit, licence)


def _licence_rank(name: str) -> tuple[bool, str]:
    return (not name.lower().startswith("licen"), name)


def _licence_text(location: Path, name: str) -> str:
    try:
        return _git(location, "show", f"HEAD:{name}").decode("utf-8", "replace")
    except subprocess.CalledProcessError:
        return ""


def _wheel(file: Path) -> Source:
    with zipfile.ZipFile(file) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        fields = HeaderParser().parsestr(archive.read(name).decode("utf-8", "replace").split("\n\n")[0])
    told = [fields.get("License-Expression", ""), fields.get("License", "")[:2000], *fields.get_all("Classifier", [])]
    text = "\n".join(line for line in told if not line.startswith("Programming"))
    return Source(file.name.split("-")[0], "wheel", str(file), fields["Version"], classify(text))


def _read_repository(location: Path) -> Iterator[tuple[str, bytes]]:
    """The code of HEAD; objects that a partial clone lacks are left out."""
    listed = _git(location, "-c", "core.quotePath=false", "ls-tree", "-r", "HEAD").decode("utf-8", "replace")
    entries = [line.split(None, 3) for line in listed.splitlines()]
    blobs = [(path, blob) for mode, _, blob, path in entries if mode.startswith("100") and language_of(path)]
    command = ["git", f"--git-dir={location}", "cat-file", "--batch", "--buffer"]
    wanted = "".join(f"{blob}\n" for _, blob in blobs).encode()
    done = subprocess.run(command, check=True, input=wanted, capture_output=True, timeout=GIT_TIMEOUT_S)
    answer = io.BytesIO(done.stdout)
    for path, _ in blobs:
        head = answer.readline().split()
        if len(head) == 3:
            content = answer.read(int(head[2]))
            answer.read(1)
            yield path, content


def _read_wheel(path: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        for info in archive.infolist():
            if not info.is_dir() and info.file_size <= 200_000:
                yield info.filename, archive.read(info)


def _read_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(folder.rglob("*.py")):
        if "site-packages" not in file.parts and file.is_file() and file.stat().st_size <= 200_000:
            yield file.relative_to(folder).as_posix(), file.read_bytes()
