from __future__ import annotations

from pathlib import Path

import pytest

from bench.quality.sandbox import judge


@pytest.mark.parametrize(
    "program",
    [
        "assert sum([1, 2]) == 3",
        "import collections, hashlib, math, random, re, string, typing\nassert hashlib.md5(b'').hexdigest()",
        "if __name__ == '__main__':\n    print('x' * 100_000)\nelse:\n    assert False",
    ],
)
def test_what_runs_to_its_end_passes(program: str) -> None:
    assert judge(program) == "passed"


@pytest.mark.parametrize(
    "program",
    [
        "assert False",
        "def f(:",
        "raise SystemExit(0)",
        "import sys; sys.exit(0)",
        "x = 'a' * (3 << 30)",
        "import os; os.fork()",
        "import os; os.system('true')",
        "import subprocess; subprocess.run(['true'])",
        "import socket; socket.socket()",
        "import os; os.kill(os.getppid(), 0)",
        "import numpy",
        "import bench",
    ],
)
def test_what_fails_or_reaches_out_fails(program: str) -> None:
    assert judge(program) == "failed"


def test_no_file_is_written_or_removed(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text("here")
    for action in (f"open({str(kept)!r}, 'w')", f"open({str(tmp_path / 'new')!r}, 'x')", "open('here', 'a')"):
        assert judge(action) == "failed"
    assert judge(f"import os; os.remove({str(kept)!r})") == "failed"
    assert judge(f"import os; os.open({str(kept)!r}, os.O_RDWR | os.O_TRUNC)") == "failed"
    assert kept.read_text() == "here"
    assert [file.name for file in tmp_path.iterdir()] == ["kept"]


def test_environment_and_folder_are_empty() -> None:
    assert judge("import os; assert 'HOME' not in os.environ and os.listdir('.') == []") == "passed"


def test_endless_programs_are_ended() -> None:
    assert judge("while True: pass", timeout_s=0.5) == "timed out"
    assert judge("import time; time.sleep(60)", timeout_s=0.5) == "timed out"
    assert judge("import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()") == "passed"
