from __future__ import annotations

import argparse
import json
import random
import subprocess
from pathlib import Path

from bench.quality import changes
from bench.quality.__main__ import command_line

GIT = ["git", "-c", "user.name=T", "-c", "user.email=t@example.org"]
FILLER = "".join(f"def unrelated_{number}():\n    return {number}\n\n\n" for number in range(60))


def make_repository(root: Path, n_commits: int) -> Path:
    """Each commit writes a function into one file and its call into another."""
    root.mkdir()
    texts = {"tax.py": FILLER, "shop.py": FILLER}
    for number in range(n_commits + 1):
        for name, text in texts.items():
            (root / name).write_text(text, encoding="utf-8")
        for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", str(number)]):
            subprocess.run([*GIT, *arguments], cwd=root, check=True, timeout=30)
        texts["tax.py"] += f"def levied_{number}(cart, surcharge_{number}):\n    return surcharge_{number}\n\n\n"
        texts["shop.py"] += f"paid_{number} = levied_{number}(cart, surcharge_{number}=7)\n"
    return root


def test_each_cursor_is_asked_without_and_with_what_is_not_committed(tmp_path: Path) -> None:
    root, out = make_repository(tmp_path / "shop", 4), tmp_path / "changes.json"
    words = ["changes", str(root), "--commits", "3", "--out", str(out), "--work", str(tmp_path / "work")]
    arguments: argparse.Namespace = command_line().parse_args([*words, "-o", "index.vectors=false"])
    arguments.run(arguments)
    written = json.loads(out.read_text(encoding="utf-8"))
    assert [row["brought"]["kind"] for row in written["results"]] == list(changes.WAYS) * 3
    assert written["summary"]["all"]["changed_files"] == 1.0
    assert written["summary"]["all"]["likelier"]["n"] == 3
    assert "levied" not in json.dumps(written["results"])


def test_the_working_tree_has_all_of_a_commit_but_what_is_typed(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "shop", 1)
    (change,) = changes.changes(root, 1, 1)
    case = next(case for seed in range(20) if (case := changes.cursor_of(change, "shop", random.Random(seed))))
    changes.save(root, change, case)
    other = next(path for path in change.texts if path != case.document.path)
    changed = subprocess.run([*GIT, "diff", "--name-only"], cwd=root, check=True, capture_output=True, text=True).stdout
    assert changed.split() == [other]
