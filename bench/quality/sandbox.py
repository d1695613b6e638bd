"""Whether a program that a model wrote runs to its end, in a process that may do next to nothing (`sandboxed.py`)."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Literal

from bench.quality.sandboxed import PASSED

Verdict = Literal["passed", "failed", "timed out"]

# Twice the processor time that it may take, and then some for a busy machine.
TIMEOUT_S = 15.0

_PYTHON = (sys.executable, "-I", "-S", "-B", str(Path(__file__).with_name("sandboxed.py")))


def judge(program: str, timeout_s: float = TIMEOUT_S) -> Verdict:
    """Run a program without arguments, input, network or environment, in an empty folder."""
    with tempfile.TemporaryDirectory(prefix="codeassist-sandbox-") as folder:
        process = subprocess.Popen(
            [*_without_network(), *_PYTHON],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env={},
            start_new_session=True,
        )
        try:
            process.communicate(program.encode("utf-8", "replace"), timeout=timeout_s)
        except subprocess.TimeoutExpired:
            return "timed out"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.returncode == -signal.SIGXCPU:
        return "timed out"
    return "passed" if process.returncode == PASSED else "failed"


@functools.cache
def _without_network() -> tuple[str, ...]:
    """What starts a program in a network of its own, where the machine lets us."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return ()
    command = (unshare, "--map-root-user", "--net")
    tried = subprocess.run([*command, "true"], capture_output=True, check=False)
    return command if tried.returncode == 0 else ()
