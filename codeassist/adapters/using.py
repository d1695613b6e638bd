"""The engine as one workspace sees it: each request is for the adapter that the workspace has at that moment."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

from codeassist.adapters.registry import adapter_for, registry_file
from codeassist.adapters.serving import named_folder
from codeassist.engine.streams import closing
from codeassist.errors import AdapterUnusable
from codeassist.protocols import Engine, StatusListener
from codeassist.types import Delta, EngineStatus, GenerationRequest, ModelInfo

_log = logging.getLogger(__name__)

# What tells one state of a file from another: time of its last change in ns, size, inode.
_Stamp = tuple[int, int, int]


class ChosenAdapter:
    """Which adapter a workspace is completed with, by `engine.lora` and the registry; read anew when that changes."""

    def __init__(self, setting: str, workspace: Path) -> None:
        self._setting = setting
        self._workspace = workspace
        self._seen: tuple[str, _Stamp] | None = None
        self._folder = ""

    def folder(self, base: str) -> str:
        """Its folder; "" for none. base: what the model is told by, "" for an engine that takes no adapters."""
        if not base or self._setting == "off":
            return ""
        if (named := named_folder(self._setting)) is not None:
            return str(named)
        seen = (base, stamp(registry_file()))
        if seen != self._seen:
            self._seen = seen
            self._take(str(adapter_for(self._workspace, base) or ""))
        return self._folder

    def _take(self, folder: str) -> None:
        if folder != self._folder:
            _log.info("%s is completed with %s", self._workspace, folder or "the model as it is")
        self._folder = folder


class AdaptedEngine:
    """An engine whose requests get the adapter of one workspace. One that cannot be applied is a line in the log, and
    the model answers as it is."""

    def __init__(self, engine: Callable[[], Engine], chosen: ChosenAdapter) -> None:
        """engine: the one to ask, which may come to be another."""
        self._of = engine
        self._chosen = chosen
        self._unusable: set[tuple[str, _Stamp]] = set()

    @property
    def _engine(self) -> Engine:
        return self._of()

    @property
    def info(self) -> ModelInfo:
        """The model; known before `start`."""
        return self._engine.info

    @property
    def status(self) -> EngineStatus:
        """Whether the engine answers now."""
        return self._engine.status

    @property
    def adapter(self) -> str:
        """Folder of the adapter that the next request is for; "" for none."""
        folder = self._chosen.folder(self._engine.info.base)
        return "" if not folder or (folder, folder_stamp(folder)) in self._unusable else folder

    def on_status(self, listener: StatusListener) -> None:
        """Call `listener` on every change of status."""
        self._engine.on_status(listener)

    async def start(self) -> None:
        """Load the model. Raises ModelError or EngineUnavailable."""
        await self._engine.start()

    async def stream(self, request: GenerationRequest) -> AsyncIterator[Delta]:
        """The answer with the workspace's adapter. Leaving the loop aborts."""
        adapter = request.adapter or self.adapter
        try:
            async with closing(self._engine.stream(replace(request, adapter=adapter))) as deltas:
                async for delta in deltas:
                    yield delta
            return
        except AdapterUnusable as error:  # raised before anything was generated
            if not adapter:
                raise
            _log.warning("the model answers as it is, without its adapter: %s", error)
            self._unusable.add((adapter, folder_stamp(adapter)))
        async with closing(self._engine.stream(replace(request, adapter=""))) as deltas:
            async for delta in deltas:
                yield delta

    async def close(self) -> None:
        """Stop the engine."""
        await self._engine.close()


def stamp(file: Path) -> _Stamp:
    """What changes whenever a file is written or replaced; zeroes where there is none."""
    try:
        state = file.stat()
    except OSError:
        return 0, 0, 0
    return state.st_mtime_ns, state.st_size, state.st_ino


def folder_stamp(folder: str) -> _Stamp:
    """The same of an adapter, by its weights."""
    return stamp(Path(folder) / "adapter_model.safetensors")
