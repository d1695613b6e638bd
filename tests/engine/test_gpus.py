from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from fake_nvml import GB, H100, RTX_4090, FakeNvml

from codeassist.engine.gpus import Gpus, MemoryUser, memory_holders, read_gpus


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """The root of a machine without any device."""
    (tmp_path / "dev").mkdir()
    return tmp_path


@pytest.fixture
def with_device(bare: Path) -> Path:
    (bare / "dev/nvidia0").touch()
    return bare


def test_a_gpu_is_read_with_the_bandwidth_of_its_memory(bare: Path) -> None:
    library = FakeNvml(H100, RTX_4090)
    found = read_gpus(library, None, bare)
    assert [(gpu.index, gpu.name, gpu.capability) for gpu in found.gpus] == [
        (0, "NVIDIA H100 80GB HBM3", (9, 0)),
        (1, "NVIDIA GeForce RTX 4090", (8, 9)),
    ]
    assert [round(gpu.bandwidth / 1e9) for gpu in found.gpus] == [3352, 1008]  # as their data sheets say
    assert (found.driver, found.cuda, found.problem) == ("580.65.06", (13, 0), "")
    assert library.n_open == 0


def test_a_driver_that_hangs_is_not_waited_for_without_an_end(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library, may_answer = FakeNvml(H100), Event()
    monkeypatch.setattr(library, "nvmlInit", lambda: may_answer.wait(30))
    found = read_gpus(library, None, bare, longest_s=0.05)
    may_answer.set()
    assert found == Gpus(problem="the driver has not answered for 0.05 s; see `dmesg` and `nvidia-smi`, or reboot")


def test_whoever_has_memory_is_named(bare: Path) -> None:
    (bare / "proc/4711").mkdir(parents=True)
    (bare / "proc/4711/comm").write_text("python\n")
    busy = replace(H100, users={4711: 12 * GB, 99: GB})
    users = read_gpus(FakeNvml(busy), None, bare).gpus[0].users
    assert users == (MemoryUser(4711, "python", 12 * GB), MemoryUser(99, "", GB))
    told = memory_holders(users)
    assert told == "python (pid 4711) has 12.0 GB, a process that is not seen from here (pid 99) has 1.0 GB"


@pytest.mark.parametrize(
    ("visible", "expected"),
    [(None, [0, 1, 2]), ("2,0", [2, 0]), ("1", [1]), ("0,7,1", [0]), ("GPU-c", [2]), ("MIG-abc", [0, 1, 2])],
)
def test_what_cuda_is_told_to_hide_is_not_counted(visible: str | None, expected: list[int], bare: Path) -> None:
    cards = [replace(H100, uuid=f"GPU-{letter}") for letter in "abc"]
    assert [gpu.index for gpu in read_gpus(FakeNvml(*cards), visible, bare).gpus] == expected


@pytest.mark.parametrize("visible", ["", "-1", "none"])
def test_hiding_all_of_them_is_told(visible: str, bare: Path) -> None:
    found = read_gpus(FakeNvml(H100), visible, bare)
    assert found.gpus == ()
    assert "hides all 1 GPUs" in found.problem


def test_a_chip_that_does_not_tell_its_clock_has_no_bandwidth(bare: Path) -> None:
    assert read_gpus(FakeNvml(replace(H100, clock=None)), None, bare).gpus[0].bandwidth == 0


def test_a_chip_without_memory_of_its_own_has_the_machines(bare: Path) -> None:
    (bare / "proc").mkdir()
    (bare / "proc/meminfo").write_text("MemTotal:  1000 kB\nMemAvailable:  600 kB\n")
    (gpu,) = read_gpus(FakeNvml(replace(H100, total=None)), None, bare).gpus
    assert (gpu.total_bytes, gpu.free_bytes) == (1_024_000, 614_400)


@pytest.mark.parametrize(
    ("failure", "remedy"),
    [
        ("NVML Shared Library Not Found", "--gpus all"),
        ("Driver/library version mismatch", "restart the machine"),
        ("Driver Not Loaded", "nvidia-smi"),
    ],
)
def test_a_driver_that_does_not_answer_is_told_where_there_are_devices(
    failure: str, remedy: str, with_device: Path
) -> None:
    problem = read_gpus(FakeNvml(failure=failure), None, with_device).problem
    assert failure in problem
    assert remedy in problem


def test_amds_gpus_are_left_to_the_engine(bare: Path) -> None:
    (bare / "dev/kfd").touch()
    assert "GPU of AMD's" in read_gpus(FakeNvml(failure="NVML Shared Library Not Found"), None, bare).problem


def test_a_machine_without_gpus_has_no_problem(bare: Path) -> None:
    assert read_gpus(FakeNvml(failure="NVML Shared Library Not Found"), None, bare) == Gpus()
    assert read_gpus(None, None, bare) == Gpus()


def test_devices_without_the_library_are_told_how_to_be_read(with_device: Path) -> None:
    assert "pip install nvidia-ml-py" in read_gpus(None, None, with_device).problem


def test_the_real_library_has_all_that_is_asked_of_it() -> None:
    library = pytest.importorskip("pynvml")
    asked = [name for name in dir(FakeNvml) if name.startswith(("nvml", "NVML"))]
    assert [name for name in asked if not hasattr(library, name)] == []
