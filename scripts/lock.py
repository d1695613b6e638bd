"""Writes requirements/{base,cpu,gpu,dev}.txt: every version exact, every file with its sha256.

    make lock               keep the versions that are locked already, add and drop what the .in files say
    make lock UPGRADE=1     take the newest versions that fit

The files hold for CPython 3.11 to 3.13 on Linux x86_64. They are installed with `--no-deps`: they are complete, and
they leave out on purpose what the .excludes files name.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"

HEADER = """\
# Written by `make lock` from {sources}: do not edit.
# For CPython 3.11 to 3.13 on Linux x86_64. Install with:
#     pip install --no-deps --require-hashes -r requirements/{name}.txt
"""

# What pyproject.toml's `tool.uv.environments` promises is true of every line; said once, in the header.
PLATFORM = frozenset(
    {
        "python_full_version < '3.14'",
        "implementation_name == 'cpython'",
        "platform_machine == 'x86_64'",
        "platform_python_implementation != 'PyPy'",
        "sys_platform == 'linux'",
    }
)


@dataclass(frozen=True)
class Target:
    """One file to write. `constraint`: a locked file whose versions this one must share."""

    name: str
    constraint: str | None = None
    excludes: str | None = None
    appended: str | None = None


# Order matters: what others are constrained by comes first.
TARGETS = (
    Target("cpu", excludes="cpu.excludes", appended="torch-cpu.txt"),
    Target("base", constraint="cpu.txt"),
    Target("dev", constraint="cpu.txt"),
    Target("gpu", constraint="dev.txt", excludes="gpu.excludes"),
)


def main(arguments: list[str]) -> int:
    """Lock every target; with `--upgrade`, forget the versions that are locked now."""
    upgrade = "--upgrade" in arguments
    for target in TARGETS:
        print(f"locking requirements/{target.name}.txt", flush=True)
        output = REQUIREMENTS / f"{target.name}.txt"
        if upgrade:
            output.unlink(missing_ok=True)
        compile_with_uv(target, output)
        output.write_text(tidy(target, output.read_text()))
    return 0


def compile_with_uv(target: Target, output: Path) -> None:
    """Resolve one .in file. Versions that stand in `output` already are kept where they still fit."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "--universal", "--python-version", "3.11"]
    command += ["--generate-hashes", "--no-header", "--no-annotate", "--quiet", f"--output-file={output}"]
    if target.constraint:
        command.append(f"--constraints={REQUIREMENTS / target.constraint}")
    if target.excludes:
        command.append(f"--excludes={REQUIREMENTS / target.excludes}")
    subprocess.run([*command, str(REQUIREMENTS / f"{target.name}.in")], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)


def tidy(target: Target, text: str) -> str:
    """The resolver's text with our header and what is pinned by hand, without markers that hold everywhere."""
    sources = f"requirements/{target.name}.in" + (f" and {target.appended}" if target.appended else "")
    lines = [without_platform(line) for line in text.splitlines() if not line.startswith("#")]
    appended = (REQUIREMENTS / target.appended).read_text().splitlines() if target.appended else []
    lines += [line for line in appended if not line.startswith("#")]
    return HEADER.format(sources=sources, name=target.name) + "\n".join(lines) + "\n"


def without_platform(line: str) -> str:
    """A requirement line without the clauses of PLATFORM."""
    requirement, semicolon, rest = line.partition(" ; ")
    if not semicolon:
        return line
    marker = rest.removesuffix("\\").rstrip()
    clauses = [clause for clause in marker.split(" and ") if clause not in PLATFORM]
    kept = f" ; {' and '.join(clauses)}" if clauses else ""
    return f"{requirement}{kept} \\" if rest.endswith("\\") else f"{requirement}{kept}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
