"""Several processes that train one model together, each on its own GPU; alone, everything here does nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Processes:
    """This process's number and how many there are. control: a group on CPUs, so that words do not wait for GPUs."""

    rank: int
    count: int
    control: dist.ProcessGroup | None

    @classmethod
    def join(cls, device: torch.device) -> Processes:
        """The group that torchrun started this process in; alone without torchrun."""
        count = int(os.environ.get("WORLD_SIZE", "1"))
        if count == 1:
            return cls(0, 1, None)
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
        return cls(dist.get_rank(), count, dist.new_group(backend="gloo"))

    def average(self, tensors: list[Tensor]) -> None:
        """Replace each tensor by its mean over all processes."""
        for tensor in self._summed(tensors):
            tensor.div_(self.count)

    def add(self, tensors: list[Tensor]) -> None:
        """Replace each tensor by its sum over all processes."""
        self._summed(tensors)

    def first_says(self, number: float) -> float:
        """The number of the first process, in all of them."""
        if self.count == 1:
            return number
        said = torch.tensor(number, dtype=torch.float64)
        dist.broadcast(said, 0, group=self.control)
        return float(said)

    def meet(self) -> None:
        """Wait until every process is here and its GPU has done all it was given.

        A process that leaves earlier takes its half of an exchange with it, and the others wait for it for ever.
        """
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        if self.count > 1:
            dist.barrier(group=self.control)

    def _summed(self, tensors: list[Tensor]) -> list[Tensor]:
        """The tensors themselves after one exchange of all of them; none where there is nobody to exchange with."""
        if self.count == 1:
            return []
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        dist.all_reduce(flat)
        for tensor, part in zip(tensors, flat.split([tensor.numel() for tensor in tensors]), strict=True):
            tensor.copy_(part.view_as(tensor))
        return tensors
