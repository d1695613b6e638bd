"""A minute's check on a GPU before the long run: kernels against plain PyTorch, compiled against not.

python -m training.smoke
"""

from __future__ import annotations

import time

import torch

from training.batches import ROW
from training.model import Shape, Stream, attend, attend_masked
from training.train import Batch, Trainer


def check_attention() -> None:
    """The GPU's attention kernel over packed samples equals masked attention, forwards and backwards."""
    torch.manual_seed(0)
    bounds = torch.tensor([0, 100, 137, 400, 512, 512, 512], dtype=torch.int32, device="cuda")
    stream = Stream(torch.empty(0), torch.empty(0), bounds, 4096)
    results = []
    for function in (attend, attend_masked):
        torch.manual_seed(1)
        inputs = [torch.randn(512, 6, 128, device="cuda", dtype=torch.bfloat16, requires_grad=True) for _ in range(3)]
        mixed = function(inputs[0], inputs[1], inputs[2], stream)
        mixed.float().square().sum().backward()
        results.append([mixed, *(tensor.grad for tensor in inputs)])
    for kernel, plain in zip(*results, strict=True):
        difference = (kernel - plain).float().norm() / plain.float().norm()
        print(f"attention differs by {difference:.4f}", flush=True)
        assert difference < 0.02


def check_steps(*, compiled: bool) -> None:
    """A few steps on one random batch lower its loss."""
    trainer = Trainer(Shape(), torch.device("cuda"), compiled=compiled)
    n_tokens = 8 * ROW
    tokens = torch.randint(6, 16_384, (n_tokens,), device="cuda")
    positions = torch.arange(n_tokens, device="cuda") % 512
    bounds = torch.full((512,), n_tokens, dtype=torch.int32, device="cuda")
    bounds[: n_tokens // 512] = torch.arange(0, n_tokens, 512, device="cuda")
    weights = torch.ones(n_tokens, device="cuda")
    batch = Batch(tokens, positions, bounds, weights, weights)
    for number in range(0, 120, 20):
        started = time.time()
        figures = trainer.step([batch, batch], number, 0.1)
        torch.cuda.synchronize()
        print(
            compiled,
            figures,
            f"{time.time() - started:.3f} s",
            f"{torch.cuda.max_memory_allocated() / 1e9:.1f} GB",
            flush=True,
        )


if __name__ == "__main__":
    check_attention()
    check_steps(compiled=False)
    check_steps(compiled=True)
