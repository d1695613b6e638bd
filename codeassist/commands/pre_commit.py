"""`codeassist-pre-commit`: the review of what is staged, as a git hook that is never in the way.

    the running `codeassist serve` of this repository    its index, engine and models are warm
    else a process of our own (`local_review`)           the index on disk, and no engine that has to load

It ends within its time whatever happens, says in one line what went wrong, and lets the commit go on then. Each commit
starts it: nothing is imported here that a commit without findings does not need.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from codeassist.commands.hook_server import NoReview, answer_of_server
from codeassist.review.asked import FAIL_ON, MOST_SECONDS, Answer, Asked, failing
from codeassist.review.report import unfinished

MAX_SECONDS = 10.0
# Of its time a hook keeps so much to start, to ask and to show.
_OWN_SECONDS = 1.0
_STOPPED, _INTERRUPTED = 1, 130


class TimeUp(Exception):
    """The hook has run for as long as it may."""


class Failed(Exception):
    """There is no review. The message is one line for the user."""


@dataclass(frozen=True, slots=True)
class Staged:
    """root: of the work tree. index_file: absolute path of the index that git is about to commit."""

    root: str
    index_file: str


def main() -> None:
    """Entry point of the script `codeassist-pre-commit`."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name of a file need be no text at all
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """1 where findings stop the commit, else 0; 2 for wrong arguments."""
    options = _options().parse_args(arguments)
    try:
        with _time_limit(options.max_seconds):
            answer = _answer(options)
            return _show(answer, options.fail_on or answer.fail_on) if answer is not None else 0
    except KeyboardInterrupt:
        return _INTERRUPTED
    except TimeUp:
        _note(f"the review took longer than {options.max_seconds:g} s")
    except Failed as failed:
        _note(str(failed))
    except Exception as error:  # noqa: BLE001  the border: a fault of ours must not keep anybody from committing
        _note(f"the review failed: {type(error).__name__}: {error}")
    return 0


def checked_arguments(arguments: Sequence[str]) -> str:
    """What is wrong with arguments that a hook is to be started with; "" for nothing."""
    parser = _options(exits=False)
    try:
        parser.parse_args(arguments)
    except (argparse.ArgumentError, SystemExit) as error:
        return str(error)
    return ""


def _options(*, exits: bool = True) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="codeassist-pre-commit",
        description="Find what is wrong with the staged changes. Ends with 1 where findings stop the commit.",
        exit_on_error=exits,
    )
    parser.add_argument("--fail-on", choices=FAIL_ON, help="what stops a commit (review.fail_on, `error` unless set)")
    parser.add_argument(
        "--max-seconds", type=_seconds, default=MAX_SECONDS, metavar="S", help="the commit goes on after so many"
    )
    parser.add_argument(
        "--passes", type=_names, metavar="NAMES", help="for example static,vulnerabilities (review.passes)"
    )
    parser.add_argument("files", nargs="*", help="not looked at: what is staged is reviewed as a whole")
    return parser


def _seconds(value: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 < (seconds := float(value)) <= MOST_SECONDS:
            return seconds
    raise argparse.ArgumentTypeError(f"{value!r} is no number of seconds above 0 and up to {MOST_SECONDS:g}")


def _names(value: str) -> tuple[str, ...]:
    from codeassist.review.passes.types import PASS_NAMES

    names = tuple(name.strip() for name in value.split(",") if name.strip())
    for name in names:
        if name not in PASS_NAMES:
            raise argparse.ArgumentTypeError(f"there is no pass {name!r}; there are {', '.join(PASS_NAMES)}")
    return names


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raises TimeUp in whatever the block waits for."""

    def end(_number: int, _frame: object) -> None:
        raise TimeUp

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _answer(options: argparse.Namespace) -> Answer | None:
    """The review; None where nothing is staged. Raises Failed."""
    begun = time.monotonic()
    staged = _staged()
    if staged is None:
        return None
    asked = Asked(staged.root, _for_the_review(options.max_seconds), staged.index_file, options.passes)
    try:
        answer = answer_of_server(asked)
    except NoReview as refusal:
        raise Failed(str(refusal)) from None
    if answer is None:
        left = options.max_seconds - (time.monotonic() - begun)
        answer = _local(Asked(staged.root, _for_the_review(left), staged.index_file, options.passes))
    return answer


def _for_the_review(seconds: float) -> float:
    return max(seconds - _OWN_SECONDS, seconds / 2)


def _staged() -> Staged | None:
    """What is committed; None where that is nothing. Git knows from the hook's environment which index it is. Raises
    Failed."""
    said = _git("rev-parse", "--show-toplevel", "--git-path", "index")
    if said.returncode:
        raise Failed(f"git cannot tell what is staged: {said.stderr.strip() or 'it failed'}")
    root, _, index = said.stdout.removesuffix("\n").rpartition("\n")
    if not _git("diff", "--cached", "--quiet", "--no-ext-diff").returncode:
        return None
    return Staged(root, str(Path(index).absolute()))


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["git", *(argument.encode(errors="surrogateescape") for argument in arguments)],
            capture_output=True,
            encoding="utf-8",  # as the server takes the names of files, whatever locale a hook is started in
            errors="surrogateescape",
            check=False,
        )
    except OSError as error:
        raise Failed(f"git does not run: {error.strerror}") from error


def _local(asked: Asked) -> Answer:
    """The review of a process of our own, which is ended when time is up. Raises Failed."""
    from codeassist.commands.local_answer import local_answer

    try:
        return local_answer(asked)
    except NoReview as refusal:
        raise Failed(str(refusal)) from None


def _show(answer: Answer, fail_on: str) -> int:
    report = answer.report
    stopping = failing(report.findings, fail_on)
    if report.findings:
        from dataclasses import replace

        from rich.console import Console

        from codeassist.commands.show_review import show_review

        # What is not here is the same at each commit; what was cut short is told below.
        shown = replace(report, passes=())
        show_review(Console(file=sys.stdout, highlight=False, soft_wrap=True), shown, _staged_text)
    if not report.is_complete:
        reasons = unfinished(report) or report.notes
        _note(f"not everything was looked at ({'; '.join(reasons) or 'time was up'})", is_going_on=not stopping)
    if stopping:
        print("The commit is stopped. SKIP=codeassist-review git commit ... leaves this review out.", flush=True)
    return _STOPPED if stopping else 0


def _staged_text(path: str) -> str | None:
    said = _git("show", f":{path}")
    return None if said.returncode else said.stdout


def _note(what: str, *, is_going_on: bool = True) -> None:
    from codeassist.printable import printable_name

    end = "; the commit goes on" if is_going_on else ""
    print(f"codeassist review: {printable_name(what)}{end}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
