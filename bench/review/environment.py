"""What the environment weighs that pre-commit makes for the hook.

    python -m bench.review.environment --pre-commit pre-commit

pre-commit installs the last commit of this clone into a folder that was empty. In megabytes, of files as they are: all
of it; the clone's objects in git, its work tree, the installed packages; the largest of these.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterable
from pathlib import Path

from bench.measuring import RESULTS, ROOT, provenance
from bench.review.commits import PreCommit, pinned
from bench.review.staging import Clone, program

N_LARGEST = 10


def main() -> None:
    """Measure, show and write bench/results/review_environment.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pre-commit", type=program, required=True, help="the program")
    parser.add_argument("--result", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="codeassist-bench-") as folder:
        figures = _measured(options.pre_commit, Path(folder))
    target = options.result or RESULTS / "review_environment.json"
    target.write_text(json.dumps({**provenance("review.environment"), **figures}, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=2))


def _measured(program: Path, folder: Path) -> dict[str, object]:
    home, clone = folder / "pre-commit", Clone(folder / "repo")
    clone.root.mkdir()
    clone.git("init", "-q")
    made = PreCommit(program, Clone(clone.root, {**clone.environ, "PRE_COMMIT_HOME": str(home)}), folder)
    made.kind("installed", pinned(ROOT), "")
    made.run("install-hooks", "--config", str(folder / "installed.yaml"))
    (repository,) = home.glob("repo*")
    (packages,) = repository.glob("py_env-*/lib/python*/site-packages")
    sizes = {path.name: _bytes([path]) for path in packages.iterdir()}
    largest = sorted(sizes, key=lambda name: -sizes[name])[:N_LARGEST]
    rest = [path for path in repository.iterdir() if path.name != ".git" and not path.name.startswith("py_env-")]
    return {
        "megabytes": _megabytes(_bytes([home])),
        "objects": _megabytes(_bytes([repository / ".git"])),
        "work_tree": _megabytes(_bytes(rest)),
        "packages": _megabytes(sum(sizes.values())),
        "largest": {name: _megabytes(sizes[name]) for name in largest},
    }


def _bytes(places: Iterable[Path]) -> int:
    files = (file for place in places for file in (place, *place.rglob("*")) if file.is_file())
    return sum(file.stat().st_size for file in files if not file.is_symlink())


def _megabytes(size: int) -> float:
    return round(size / 1e6, 1)


if __name__ == "__main__":
    main()
