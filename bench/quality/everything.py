"""Every measurement of the completion model with its defaults, one after the other, into bench/results/.

python -m bench.quality all REPOSITORY... [--data ../shared/data/humaneval_infilling]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.measuring import RESULTS, ROOT
from bench.quality.humaneval import DATA
from bench.quality.journal import DEFAULT


def programs(arguments: argparse.Namespace) -> list[list[str]]:
    """The command line of each program."""
    repositories = [str(root) for root in arguments.repositories]
    work = ["--work", str(arguments.work), *(word for option in arguments.option for word in ("-o", option))]
    return [
        ["humaneval", "--data", str(arguments.data), "--out", str(arguments.out / "humaneval.json"), *work],
        ["cursors", *repositories, "--out", str(arguments.out / "quality.json"), *work],
        ["drafting", *repositories, "--out", str(arguments.out / "drafting.json"), *work],
    ]


def run(arguments: argparse.Namespace) -> None:
    """One process for each: what one leaves behind does not slow the next."""
    for program in programs(arguments):
        subprocess.run([sys.executable, "-m", "bench.quality", *program], check=True)


def register(commands: Any) -> None:
    """Add `all` to the subcommands of `python -m bench.quality`."""
    parser = commands.add_parser(
        "all",
        help="humaneval, cursors and drafting with their defaults",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of HumanEval-Infilling")
    parser.add_argument("--out", type=Path, default=RESULTS.relative_to(ROOT), help="folder for the result files")
    parser.add_argument("--work", type=Path, default=DEFAULT, help="folder for indexes and raw results: resumable")
    parser.add_argument("-o", "--option", action="append", default=[], metavar="SECTION.KEY=VALUE", help="a setting")
    parser.set_defaults(run=run)
