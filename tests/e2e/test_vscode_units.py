"""The extension's own tests: its types, and what of it needs no VS Code."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.e2e.vscode_session import EXTENSION

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def test_the_extensions_own_tests_pass(vsix: Path) -> None:
    assert vsix.exists()  # packing it has installed what they need
    done = subprocess.run(["npm", "test"], cwd=EXTENSION, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
