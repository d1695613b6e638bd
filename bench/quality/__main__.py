"""The command line of `bench.quality`."""

from __future__ import annotations

import argparse

from bench.quality import changes, context, cursors, drafting, edits, everything, gate, humaneval, repoeval, search


def command_line() -> argparse.ArgumentParser:
    """What each program registers."""
    parser = argparse.ArgumentParser(prog="python -m bench.quality")
    commands = parser.add_subparsers(required=True)
    for module in (everything, humaneval, cursors, context, edits, changes, repoeval, drafting, gate, search):
        module.register(commands)
    return parser


def main() -> None:
    """Run one of the programs."""
    arguments = command_line().parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
