"""What is known of a file that a model wrote, before anybody takes it. Reads files: for a thread."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from codeassist.errors import SandboxUnavailable
from codeassist.findings.passes import find_all
from codeassist.writing.sandbox import Outcome, copied, run
from indexer.languages import language_name
from indexer.outline import read_syntax

RUN_SECONDS = 60.0
# pytest's exit codes: tests failed; no tests were found.
# Source: https://docs.pytest.org/en/stable/reference/exit-codes.html
_FAILED, _NOTHING = 1, 5
_NO_PYTEST = "No module named pytest"
# Of pytest's last line. Tests that are all left out, or end the process themselves, end with 0 as well.
_PASSED = re.compile(r"\b\d+ (?:passed|xpassed)\b")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. is_passed: None where it could not be; `told` says why, or what is wrong."""

    name: str
    is_passed: bool | None
    told: str = ""


def parses(path: str, text: str) -> Check:
    """Whether the text is code of its language."""
    syntax = read_syntax(path, text)
    if syntax is None:
        return Check("parses", None, "nothing is known of this language")
    return Check("parses", syntax.n_errors == 0, f"{syntax.n_errors} faults" if syntax.n_errors else "")


def imports_resolve(root: Path, path: str, text: str) -> Check:
    """Whether every name that is imported from the repository is there."""
    missing = [finding.message for finding in find_all(root, path, text, {}) if finding.category == "missing-name"]
    return Check("imports resolve", not missing, "; ".join(missing))


def tests_pass(root: Path, texts: Mapping[str, str], path: str, python: str, environ: Mapping[str, str]) -> Check:
    """Whether pytest passes on a file of tests, in a copy of the workspace with these texts in it."""
    name = "runs under pytest"
    if language_name(path) != "python":
        return Check(name, None, "not run: tests of Python alone are")
    try:
        with copied(root) as folder:
            for other, text in texts.items():
                (folder / other).parent.mkdir(parents=True, exist_ok=True)
                (folder / other).write_text(text, encoding="utf-8")
            command = [python, "-m", "pytest", "-q", "-x", "--no-header", "-p", "no:cacheprovider", "--", path]
            outcome = run(folder, command, RUN_SECONDS, _environment(folder, environ))
    except SandboxUnavailable as error:
        return Check(name, None, f"not run: {error}")
    except OSError as error:
        return Check(name, None, f"not run: the workspace cannot be copied ({error.strerror})")
    return _told(name, outcome, python)


def python_of(root: Path, environment: str, active: str | None) -> str:
    """The interpreter of the project: of the environment that the settings name, of `.venv`, of the active one, else
    ours."""
    folders = [root / environment] if environment else []
    folders += [root / ".venv", root / "venv", *([Path(active)] if active else [])]
    found = (folder / "bin" / "python" for folder in folders)
    return next((str(file) for file in found if file.is_file()), sys.executable)


def _environment(folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """What a test needs of the environment; keys and tokens in it stay where they are."""
    kept = {key: environ[key] for key in ("PATH", "LANG", "LC_ALL", "TZ") if key in environ}
    source = folder / "src"
    return kept | {"PYTHONPATH": f"{source}:{folder}" if source.is_dir() else str(folder)}


def _told(name: str, outcome: Outcome, python: str) -> Check:
    if outcome.status is None:
        return Check(name, False, f"not done after {RUN_SECONDS:.0f} s\n{outcome.output}".strip())
    if outcome.status == _FAILED and outcome.output.strip() == f"{python}: {_NO_PYTEST}":
        return Check(name, None, f"not run: {python} has no pytest; install it there (`pip install pytest`)")
    if outcome.status == _NOTHING:
        return Check(name, False, "it holds no tests")
    if outcome.status:
        return Check(name, False, outcome.output.strip())
    last = outcome.output.strip().split("\n")[-1]
    if not _PASSED.search(last):
        return Check(name, False, f"no test has passed: {last or 'pytest came to no end'}")
    return Check(name, True, last)
