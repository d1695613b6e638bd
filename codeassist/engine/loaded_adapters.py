"""Adapters that vLLM has loaded, each under a number of its own: a folder whose weights were replaced gets another one.

vLLM dies of an adapter that it cannot load while it answers. So each is checked and loaded before the first request for
it; and one that was not used for long, and that vLLM may have dropped, again.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from pathlib import Path

from vllm.lora.request import LoRARequest
from vllm.v1.engine.exceptions import EngineDeadError

from codeassist.adapters.checks import CONFIG, WEIGHTS, adapter_rank, require_usable
from codeassist.engine.vllm_arguments import ADAPTERS_KEPT
from codeassist.errors import AdapterUnusable
from codeassist.models.directory import read_model

# Below what vLLM keeps: its order of use may differ a little from ours.
_REMEMBERED = ADAPTERS_KEPT // 2

# What tells one adapter from another: its folder, and time of change, size and inode of its files.
_Key = tuple[str | int, ...]


class LoadedAdapters:
    """The adapters of one engine."""

    def __init__(self, load: Callable[[LoRARequest], Awaitable[bool]], model: Path, rank: int) -> None:
        """load: vLLM's `add_lora`. rank: the highest that the engine was started for, 0 for no adapters."""
        self.rank = rank
        self._load = load
        self._model = model
        self._loaded: OrderedDict[_Key, LoRARequest] = OrderedDict()
        self._n_loaded = 0
        self._loading = asyncio.Lock()

    async def find(self, folder: str) -> LoRARequest:
        """What vLLM calls the adapter in a folder, loaded. Raises AdapterUnusable."""
        if not self.rank:
            raise AdapterUnusable(f"the engine was started without adapters, and {folder} is asked for")
        key = await asyncio.to_thread(_key, folder)
        async with self._loading:
            if key not in self._loaded:
                await asyncio.to_thread(self._require_usable, Path(folder))
                self._loaded[key] = await self._load_new(folder)
            self._loaded.move_to_end(key)
            while len(self._loaded) > _REMEMBERED:
                self._loaded.popitem(last=False)
            return self._loaded[key]

    def _require_usable(self, folder: Path) -> None:
        require_usable(read_model(self._model), folder)
        if (rank := adapter_rank(folder)) > self.rank:
            raise AdapterUnusable(f"{folder} has rank {rank}, and the engine was started for at most {self.rank}")

    async def _load_new(self, folder: str) -> LoRARequest:
        self._n_loaded += 1
        # The prefix cache tells adapters apart by this name.
        request = LoRARequest(f"{folder}#{self._n_loaded}", self._n_loaded, folder)
        (error,) = await asyncio.gather(self._load(request), return_exceptions=True)
        if isinstance(error, EngineDeadError):
            raise error
        if isinstance(error, BaseException):  # vLLM sends on what went wrong in its other process as a bare Exception
            raise AdapterUnusable(f"vLLM cannot load {folder}: {error}")
        return request


def _key(folder: str) -> _Key:
    try:
        files = [(Path(folder) / name).stat() for name in (CONFIG, WEIGHTS)]
    except OSError as error:
        raise AdapterUnusable(f"{error.filename or folder} cannot be read ({error.strerror})") from None
    return folder, *(part for file in files for part in (file.st_mtime_ns, file.st_size, file.st_ino))
