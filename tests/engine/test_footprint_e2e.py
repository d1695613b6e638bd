"""The memory model beside vLLM's own measurement, on a CPU with the shipped model."""

from __future__ import annotations

import pytest

from codeassist.doctor.footprint import Footprint, predict
from codeassist.doctor.measured import Measured, compare, read_log
from codeassist.engine.child import launch_host
from codeassist.engine.hardware import read_hardware
from codeassist.engine.vllm_arguments import CPU_BLOCK_TOKENS, CPU_REQUESTS, CPU_STEP_TOKENS, HostOptions, cpu_dtype
from codeassist.models.directory import read_model, shipped_model

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


async def loaded(n_drafted: int) -> Measured:
    """What vLLM logs while it loads the shipped model."""
    options = HostOptions(
        str(shipped_model()), n_mtp_layers=1, context_tokens=4096, speculative_tokens=n_drafted, kv_cache_gib=0.5
    )
    host = await launch_host(options)
    try:
        while (message := await host.receive()) is not None and "ready" not in message:
            pass
        return read_log(host.log_tail())
    finally:
        await host.close()


def predicted(n_drafted: int) -> Footprint:
    dtype = cpu_dtype("auto", read_hardware())
    return predict(
        read_model(shipped_model()).config,
        n_drafted,
        dtype,
        CPU_STEP_TOKENS,
        CPU_REQUESTS,
        has_cuda_graphs=False,
        has_latent_cache=False,
    )


@pytest.mark.parametrize("n_drafted", [0, 1])
async def test_a_cache_holds_as_many_tokens_as_predicted(n_drafted: int) -> None:
    measured, footprint = await loaded(n_drafted), predicted(n_drafted)
    assert measured.kv_cache == 2**29
    blocks = measured.kv_cache // (footprint.kv_per_token * CPU_BLOCK_TOKENS)
    assert measured.kv_tokens == blocks * CPU_BLOCK_TOKENS
    assert [part.share for part in compare(footprint, measured)] == [pytest.approx(1, abs=0.005)]
