"""vLLM's CPU kernels, called as the repairs call them, compute what its operators of torch compute."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore")]

WIDTH, N_HEADS, HEAD, N_POSITIONS = 64, 3, 16, 128


class Norm:
    """The part of vLLM's RMSNorm that the kernel reads."""

    has_weight = True
    variance_size_override = None
    variance_epsilon = 1e-6

    def __init__(self, weight: Any) -> None:
        self.weight = weight


@pytest.fixture(params=[1, 2, 40])
def n_tokens(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def test_norms_of_rows_that_lie_apart(n_tokens: int) -> None:
    import torch

    from codeassist.engine.vllm_repairs import rms_norm

    rows = torch.randn(n_tokens, 2 * WIDTH)[:, :WIDTH]
    weight, residual = torch.rand(WIDTH), torch.randn(n_tokens, WIDTH)
    norm = Norm(weight)
    torch.testing.assert_close(rms_norm(norm, rows), torch.nn.functional.rms_norm(rows, (WIDTH,), weight, 1e-6))
    total = rows + residual
    out, new_residual = rms_norm(norm, rows, residual)
    torch.testing.assert_close(new_residual, total)
    torch.testing.assert_close(out, torch.nn.functional.rms_norm(total, (WIDTH,), weight, 1e-6))


@pytest.mark.parametrize("is_neox", [True, False])
def test_rotation_of_heads_that_lie_apart(n_tokens: int, is_neox: bool) -> None:
    import torch
    from vllm.model_executor.layers.rotary_embedding.base import RotaryEmbedding

    from codeassist.engine.vllm_repairs import rotate

    query = torch.randn(n_tokens, N_HEADS, 2 * HEAD)[..., HEAD:]
    key = torch.randn(n_tokens, 1, 2 * HEAD)[..., HEAD:]
    before = query.clone()
    positions, turns = torch.randint(N_POSITIONS, (n_tokens,)), torch.randn(N_POSITIONS, HEAD)
    rest = (HEAD, HEAD, turns, is_neox)
    expected = RotaryEmbedding.forward_static(positions, query, key, *rest)
    torch.testing.assert_close(rotate(positions, query, key, *rest), expected)
    torch.testing.assert_close(query, before)
    assert rotate(positions, query, None, *rest)[1] is None


@pytest.mark.parametrize(("n_groups", "n_chosen"), [(1, 1), (4, 4), (4, 2)])
@pytest.mark.parametrize("scale", [1.0, 2.5])
def test_experts_chosen_without_groups(n_tokens: int, n_groups: int, n_chosen: int, scale: float) -> None:
    import torch
    from vllm.model_executor.layers.fused_moe.router.cpu_router import _grouped_topk

    from codeassist.engine.vllm_repairs import grouped_topk

    how = {
        "renormalize": True, "num_expert_group": n_groups, "topk_group": n_chosen, "scoring_func": "sigmoid",
        "routed_scaling_factor": scale, "e_score_correction_bias": torch.randn(8),
    }  # fmt: skip
    logits = torch.randn(n_tokens, 8)
    expected = _grouped_topk(logits, 2, **how)
    for found, right in zip(grouped_topk(logits, 2, **how), expected, strict=True):
        assert torch.equal(found, right)


def test_lean_layers_compute_what_vllms_compute(tiny_model: Path) -> None:
    """In steps of one token, of a few, and of several requests; a layer that fails its trial stays as vLLM has it."""
    script = Path(__file__).with_name("lean_answers.py")
    command = [sys.executable, str(script), str(tiny_model), "float32"]
    ended = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    told = json.loads(ended.stdout.splitlines()[-1])
    n_layers = json.loads((tiny_model / "config.json").read_text())["num_hidden_layers"]
    assert {kind: n_lean for kind, (n_lean, _) in told.items()} == {"own": 0, "distrusted": 0, "lean": n_layers}
    for kind in ("distrusted", "lean"):
        for found, right in zip(told[kind][1], told["own"][1], strict=True):
            assert found == pytest.approx(right, abs=1e-4)


@pytest.mark.parametrize("adapters", [[-1, -1, -1], [0, 0, 1], [-1, 2, 2, -1, 0], [1]])
def test_products_compute_what_an_adapter_is(adapters: list[int]) -> None:
    """Each token with its own adapter's matrices, for a layer of two parts; what has none is left as it was."""
    import torch

    from codeassist.engine.vllm_adapter_products import add_lora_linear, runs

    width, parts, rank, n_places = 12, (5, 7), 3, 3
    a = [torch.randn(n_places, 1, rank, width) for _ in parts]
    b = [torch.randn(n_places, 1, part, rank) for part in parts]
    x, y = torch.randn(len(adapters), width), torch.randn(len(adapters), sum(parts))
    expected = y.clone()
    for token, place in enumerate(adapters):
        if place >= 0:
            added = [first[place, 0].T @ second[place, 0].T for first, second in zip(a, b, strict=True)]
            expected[token] += x[token] @ torch.cat(added, dim=1) * 0.5
    wrapper = type("Wrapper", (), {})()
    wrapper.codeassist_runs = runs(torch.tensor(adapters))
    add_lora_linear(wrapper, y, x, a, b, 0.5, parts)
    torch.testing.assert_close(y, expected, rtol=1e-4, atol=1e-4)
