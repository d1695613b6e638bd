"""Progress on stderr while an index is brought up to date and an engine loads; silent where nobody watches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codeassist.commands.front import Front
from codeassist.types import EngineStatus
from indexer.types import Progress as IndexProgress

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_PHASES = {"scan": "looking for files", "parse": "parsing", "embed": "embedding", "store": "storing"}


@dataclass(slots=True)
class Bars:
    """A bar for the index and a spinner for the engine, each shown from its first report on. Safe from any thread."""

    _progress: Progress
    _index: TaskID | None = None
    _engine: TaskID | None = None
    _step: TaskID | None = None

    def on_index(self, progress: IndexProgress) -> None:
        """Show how far a refresh is."""
        if self._index is None:
            self._index = self._progress.add_task("index")
        phase = _PHASES[progress.phase]
        self._progress.update(
            self._index, description=f"index: {phase}", completed=progress.done, total=progress.total or None
        )

    def on_status(self, status: EngineStatus) -> None:
        """Show what the engine does; a ready one is left alone."""
        if self._engine is None:
            self._engine = self._progress.add_task("engine", total=None)
        if status.state == "ready":
            self._progress.update(self._engine, description="engine: ready", total=1, completed=1)
        else:
            self._progress.update(self._engine, description=f"engine: {status.message or status.state}")

    def on_step(self, what: str) -> None:
        """Show what is done now, in words."""
        if self._step is None:
            self._step = self._progress.add_task(what, total=None)
        self._progress.update(self._step, description=what)

    def stop(self) -> None:
        """Show no more; what is printed from now on is not overdrawn."""
        self._progress.stop()


@contextmanager
def bars(front: Front) -> Iterator[Bars]:
    """Bars that vanish at the end."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=front.error_console,
        transient=True,
        disable=not front.stderr.isatty(),
    )
    with progress:
        yield Bars(progress)


@contextmanager
def transfer_bar(front: Front, name: str, n_bytes: int) -> Iterator[Callable[[int], None]]:
    """A bar for bytes that move; told how many more, from any thread. It vanishes at the end."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=front.error_console,
        transient=True,
        disable=not front.stderr.isatty(),
    )
    task = progress.add_task(name, total=n_bytes)
    with progress:
        yield lambda n: progress.update(task, advance=n)
