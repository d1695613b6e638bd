"""Builds that cannot work together are told before vLLM is started."""

from __future__ import annotations

from dataclasses import replace
from importlib import metadata

import pytest

from codeassist.engine.builds import Builds, read_builds, require_fitting_builds, require_visible_gpus
from codeassist.engine.hardware import vllm_is_installed, vllm_runs_on_cpu
from codeassist.errors import EngineUnavailable

ON_GPU = Builds("0.26.0", "2.11.0+cu130", frozenset({"2.11"}), is_compiled=True)
ON_CPU = Builds("0.32.0", "2.13.0+cpu", frozenset({"2.13"}), is_compiled=True)


@pytest.mark.parametrize(
    ("builds", "on_cpu"),
    [
        (ON_GPU, False),
        (ON_CPU, True),
        (replace(ON_GPU, torch="2.11.0a0+git5bcc153"), False),
        (replace(ON_GPU, torch="2.11.1"), False),
        (replace(ON_GPU, pins=frozenset()), False),
        (replace(ON_GPU, torch="nightly"), False),
    ],
)
def test_builds_that_may_fit_are_left_alone(builds: Builds, on_cpu: bool) -> None:
    require_fitting_builds(builds, on_cpu=on_cpu)


@pytest.mark.parametrize(
    ("builds", "told"),
    [
        (
            replace(ON_GPU, torch="2.11.0+cpu"),
            r"vLLM 0\.26\.0 is a build for GPUs and torch 2\.11\.0\+cpu beside it one",
        ),
        (
            replace(ON_GPU, torch="2.13.0"),
            r"vLLM 0\.26\.0 is made for torch 2\.11, and torch 2\.13\.0 is installed: `make",
        ),
        (replace(ON_GPU, torch=""), r"vLLM 0\.26\.0 is installed and torch, which it needs, is not"),
        (replace(ON_GPU, is_compiled=False), r"lacks its compiled part \(\*_C\*\.so\), so it cannot run"),
    ],
)
def test_builds_that_cannot_work_are_told_with_a_remedy(builds: Builds, told: str) -> None:
    with pytest.raises(EngineUnavailable, match=told):
        require_fitting_builds(builds, on_cpu=False)


def test_what_is_read_of_the_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    requirements = ["torchaudio==2.11.0", 'torch==2.13.0+cpu; platform_machine == "x86_64"', "torch>=2", "numpy"]
    monkeypatch.setattr(metadata, "version", lambda name: {"vllm": "0.26.0", "torch": "2.11.0"}[name])
    monkeypatch.setattr(metadata, "requires", lambda name: requirements)
    builds = read_builds()
    assert (builds.vllm, builds.torch, builds.pins) == ("0.26.0", "2.11.0", frozenset({"2.13"}))


@pytest.mark.skipif(not vllm_is_installed(), reason="vLLM is not installed")
def test_what_is_installed_here_fits() -> None:
    builds = read_builds()
    assert builds.vllm
    assert builds.is_compiled
    require_fitting_builds(builds, on_cpu=vllm_runs_on_cpu())


@pytest.mark.parametrize("shown", [None, "0", "0,1", "GPU-8932f937-d72c-4106-c12f-20bd9faed9f6"])
def test_gpus_that_are_shown_are_left_to_vllm(shown: str | None) -> None:
    require_visible_gpus(shown)


@pytest.mark.parametrize("hidden", ["", " ", "-1"])
def test_gpus_that_are_hidden_are_told(hidden: str) -> None:
    with pytest.raises(EngineUnavailable, match=r"CUDA_VISIBLE_DEVICES is '.*', which hides every GPU .* unset it"):
        require_visible_gpus(hidden)
