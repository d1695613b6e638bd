"""What tests in a real VS Code need: code-server, the Node that it asks for, a browser and what drives it.

All is installed once, into `~/.cache/codeassist-tests` (CODEASSIST_TEST_TOOLS names another folder), but for the
browser: a Chromium that is there is used (CODEASSIST_TEST_CHROMIUM names one), and apt-get installs one where it may.
What cannot be had skips the tests and says why; where CI=true it fails them.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

# code-server 4.139.1 is Code 1.139.1; it refuses any Node but 24.
NODE, CODE_SERVER, PLAYWRIGHT = "node@24", "code-server@4.139.1", "playwright-core@1.65.1"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# code-server's native parts are compiled where they are not found as binaries.
APT_PACKAGES = ("chromium", "fonts-dejavu", "libkrb5-dev", "libsecret-1-dev")
INSTALL_WITHIN_S = 900.0


@dataclass(frozen=True, slots=True)
class Tools:
    """Where the programs are. path: folders that go in front of the PATH of whatever they start."""

    node: Path
    code_server: Path
    playwright: Path
    chromium: Path

    @property
    def path(self) -> str:
        return str(self.node.parent)


def find_tools() -> Tools:
    """What there is, installed where it was missing. Skips the test, or fails it in CI, where that cannot be done."""
    if shutil.which("npm") is None:
        cannot("npm (Node 20 or newer) is not on the PATH")
    folder = cache()
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / "vscode.lock"):
        chromium = find_browser()
        node = folder / "node24" / "node_modules" / ".bin" / "node"
        add(node, folder / "node24", NODE)
        code_server = folder / "code-server" / "node_modules" / ".bin" / "code-server"
        add(code_server, folder / "code-server", CODE_SERVER, path=str(node.parent))
        playwright = folder / "playwright" / "node_modules" / "playwright-core"
        add(playwright, folder / "playwright", PLAYWRIGHT)
    return Tools(node, code_server, playwright, chromium)


def cache() -> Path:
    """Where tools for tests are kept between runs."""
    return Path(os.environ.get("CODEASSIST_TEST_TOOLS") or Path.home() / ".cache" / "codeassist-tests")


def cannot(reason: str) -> NoReturn:
    """Skip because of what this machine lacks; CI has to have it."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"VS Code cannot be tested: {reason}")
    pytest.skip(f"VS Code cannot be tested: {reason}")


def add(wanted: Path, prefix: Path, package: str, path: str = "") -> None:
    """Have npm install a package into a folder of its own where what is wanted of it is not there."""
    if wanted.exists():
        return
    environment = {**os.environ, "PATH": os.pathsep.join(filter(None, [path, os.environ["PATH"]]))}
    command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(prefix), package]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=INSTALL_WITHIN_S, check=False
        )
    except subprocess.TimeoutExpired:
        cannot(f"`{' '.join(command)}` took longer than {INSTALL_WITHIN_S:.0f} s")
    if done.returncode or not wanted.exists():
        cannot(f"`{' '.join(command)}` failed: {(done.stderr or done.stdout)[-600:]}")


def find_browser() -> Path:
    """A Chromium; installed by apt-get when we are root, which we are in a container and not on a desk."""
    if named := os.environ.get("CODEASSIST_TEST_CHROMIUM"):
        return Path(named)
    if found := installed_browser():
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update", "-qq"], ["install", "-y", "--no-install-recommends", *APT_PACKAGES]):
            subprocess.run(["apt-get", *command], env=environment, capture_output=True, timeout=600, check=False)
    if found := installed_browser():
        return found
    cannot("no Chromium: install the package `chromium`, or name one in CODEASSIST_TEST_CHROMIUM")


def installed_browser() -> Path | None:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    return Path(found) if found else None


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Two runs of the tests install nothing twice."""
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
