"""Commands of `bench.engine_agreement`; see its docstring."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import bench.engine_agreement
from bench.engine_agreement.comparing import compare
from bench.engine_agreement.configurations import Configuration, parse
from bench.measuring import RESULTS


def main() -> int:
    """Run one command."""
    options = arguments()
    options.command(options)
    return 0


def answer(options: argparse.Namespace) -> None:
    """Ask configurations, one after the other; each record is written when it is whole."""
    from bench.engine_agreement.asking import record

    options.out.mkdir(parents=True, exist_ok=True)
    for configuration in options.configurations:
        with tempfile.TemporaryDirectory(prefix="codeassist-bench-") as work:
            found = asyncio.run(record(configuration, options.data, Path(work)))
        target = options.out / f"{configuration.name}.json"
        target.write_text(json.dumps({**found, "command": command()}) + "\n", encoding="utf-8")
        print(f"{configuration.name}: {target}", flush=True)


def write_comparison(options: argparse.Namespace) -> None:
    """Compare records of a GPU with each other and with those of a CPU."""
    found = compare([_read(file) for file in options.records], [_read(file) for file in options.on_cpu])
    options.out.write_text(json.dumps({"command": command(), **found}, indent=1) + "\n", encoding="utf-8")
    for row in found["configurations"]:
        print(json.dumps(row))


def command() -> str:
    """How it was called, of paths the last part."""
    words = (Path(word).name if "/" in word else word for word in sys.argv[1:])
    return " ".join(["python -m bench.engine_agreement", *words])


def _read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=bench.engine_agreement.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    asks = commands.add_parser("answer", help=answer.__doc__)
    asks.add_argument("configurations", nargs="+", type=_configuration)
    asks.add_argument("--data", nargs="+", type=Path, required=True, help="repositories, in the order to be read")
    asks.add_argument("--out", type=Path, required=True, help="folder of the records")
    asks.set_defaults(command=answer)
    compares = commands.add_parser("compare", help=write_comparison.__doc__)
    compares.add_argument("records", nargs="+", type=Path)
    compares.add_argument(
        "--on-cpu", nargs="+", type=Path, default=[], help="records of a CPU, plain and merged, for the scores"
    )
    compares.add_argument("--out", type=Path, default=RESULTS / "gpu_agreement.json")
    compares.set_defaults(command=write_comparison)
    return parser.parse_args()


def _configuration(name: str) -> Configuration:
    try:
        return parse(name)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


if __name__ == "__main__":
    sys.exit(main())
