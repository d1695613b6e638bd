"""What a command has of the outside world, so that tests can hand it another one."""

from __future__ import annotations

import codecs
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol, TextIO

import typer
from rich.console import Console

from codeassist.printable import printable
from codeassist.settings import IndexSettings, Settings

if TYPE_CHECKING:
    from codeassist.assistant import Assistant
    from codeassist.protocols import Engine
    from indexer.index import CodeIndex


class AssistantOpener(Protocol):
    """`codeassist.assistant.open_assistant`, or what a test puts in its place."""

    def __call__(
        self, settings: Settings, workspace: Path, *, engine: Engine | None = None, attach: bool = True
    ) -> Assistant:
        """The assistant of one workspace.

        engine: one that another workspace uses already. attach: whether to use a running server's engine.
        """
        ...


IndexOpener = Callable[[IndexSettings, Path], "CodeIndex"]


@dataclass(frozen=True, slots=True)
class Front:
    """Streams, environment, working directory, and how an assistant is opened.

    stdout: where answers go. It stays ours alone after `guard_stdout`, which sends all else that writes to file
    descriptor 1, native libraries and subprocesses included, to stderr.
    """

    stdin: BinaryIO
    stdout: TextIO
    stderr: TextIO
    environ: Mapping[str, str]
    cwd: Path
    open_assistant: AssistantOpener
    open_index: IndexOpener
    guard_stdout: Callable[[], None]

    @property
    def console(self) -> Console:
        """For answers to a person."""
        return Console(file=self.stdout, highlight=False, soft_wrap=True)

    @property
    def error_console(self) -> Console:
        """For warnings and progress."""
        return Console(file=self.stderr, highlight=False, soft_wrap=True)

    def print_json(self, document: object) -> None:
        """One JSON document on one line, flushed."""
        self.stdout.write(_dump(document, self.stdout.encoding or "utf-8") + "\n")
        self.stdout.flush()

    def warn(self, message: str) -> None:
        """One line on stderr."""
        self.stderr.write(f"codeassist: warning: {printable(message)}\n")
        self.stderr.flush()


def front_of(context: typer.Context) -> Front:
    """The front that `cli.run` handed to typer."""
    front = context.find_root().obj
    assert isinstance(front, Front)
    return front


def process_front(cwd: Path) -> Front:
    """The front of this process, in a working directory that the caller has found."""
    return Front(
        stdin=sys.stdin.buffer if sys.stdin is not None else Path(os.devnull).open("rb"),
        stdout=_own_stdout(),
        stderr=sys.stderr if sys.stderr is not None else Path(os.devnull).open("w", encoding="utf-8"),
        environ=os.environ,
        cwd=cwd,
        open_assistant=_open_assistant,
        open_index=_open_index,
        guard_stdout=_guard_stdout,
    )


def _own_stdout() -> TextIO:
    """A second handle on stdout, which stays when descriptor 1 is pointed elsewhere; children do not inherit it."""
    try:
        descriptor = os.dup(1)
    except OSError:
        return Path(os.devnull).open("w", encoding="utf-8")
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return os.fdopen(descriptor, "w", encoding=encoding, errors="backslashreplace")


def _guard_stdout() -> None:
    sys.stdout.flush()
    try:
        os.dup2(2, 1)
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)


def _open_assistant(
    settings: Settings, workspace: Path, *, engine: Engine | None = None, attach: bool = True
) -> Assistant:
    from codeassist.assistant import open_assistant

    return open_assistant(settings, workspace, engine=engine, attach=attach)


def _open_index(settings: IndexSettings, workspace: Path) -> CodeIndex:
    from codeassist.assistant import open_index

    return open_index(settings, workspace)


def _dump(document: object, encoding: str) -> str:
    """JSON as `encoding` can carry it: readers take it for UTF-8, so that any other gets ASCII with escapes."""
    if codecs.lookup(encoding).name != "utf-8":
        return json.dumps(document)
    text = json.dumps(document, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # a file name that is not UTF-8: half a surrogate pair, which only an escape can carry
        return json.dumps(document)
    return text
