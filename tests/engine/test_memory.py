"""A model that cannot fit is refused by the memory that this process may take, wherever the limit stands."""

import resource
from pathlib import Path

import pytest

from codeassist.engine.hardware import Hardware
from codeassist.engine.memory import MemoryNeed, available_bytes, require_memory, require_whole_context
from codeassist.engine.vllm_arguments import HostOptions
from codeassist.errors import EngineUnavailable
from codeassist.models.directory import read_model
from codeassist.models.fitness import cpu_need

GIB = 2**30
V2, V1 = "sys/fs/cgroup/", "sys/fs/cgroup/memory/"


def machine(root: Path, files: dict[str, str]) -> int:
    for name, text in {"proc/meminfo": f"MemAvailable: {8 * GIB // 1024} kB\n", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return available_bytes(root)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 8 * GIB),
        ({V2 + "memory.max": "max\n"}, 8 * GIB),
        ({V2 + "memory.max": f"{2 * GIB}\n"}, 2 * GIB),
        ({V2 + "memory.max": f"{20 * GIB}\n"}, 8 * GIB),
        ({V2 + "memory.max": f"{2 * GIB}", V2 + "memory.current": f"{GIB}"}, GIB),
        (
            {
                V2 + "memory.max": f"{2 * GIB}",
                V2 + "memory.current": f"{GIB}",
                V2 + "memory.stat": f"anon 5\ninactive_file {GIB // 2}\n",
            },
            GIB + GIB // 2,
        ),
        ({V2 + "memory.max": f"{GIB}", V2 + "memory.current": f"{2 * GIB}"}, 0),
        ({"proc/self/cgroup": "0::/user/app\n", V2 + "user/app/memory.max": f"{GIB}"}, GIB),
        ({"proc/self/cgroup": "0::/user/app\n", V2 + "user/memory.max": f"{GIB}"}, GIB),
        ({"proc/self/cgroup": "0::/../../other\n", V2 + "memory.max": "max"}, 8 * GIB),
        ({"proc/self/cgroup": "5:cpu:/\n4:memory:/box\n", V1 + "box/memory.limit_in_bytes": f"{GIB}"}, GIB),
        (
            {
                "proc/self/cgroup": "4:memory:/box\n",
                V1 + "memory.limit_in_bytes": f"{3 * GIB}",
                V1 + "memory.usage_in_bytes": f"{2 * GIB}",
                V1 + "memory.stat": f"total_inactive_file {GIB // 2}\n",
            },
            GIB + GIB // 2,
        ),
        ({V1 + "memory.limit_in_bytes": "9223372036854771712\n"}, 8 * GIB),
    ],
)
def test_the_least_limit_counts(tmp_path: Path, files: dict[str, str], expected: int) -> None:
    assert machine(tmp_path, files) == expected


def test_a_limit_on_addresses_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (3 * GIB, 9 * GIB))
    assert machine(tmp_path, {}) == 3 * GIB // 2


def test_a_model_that_cannot_fit_is_refused_with_figures_and_remedy() -> None:
    need = MemoryNeed(weights=3 * GIB, kv_cache=GIB)
    require_memory(need, need.total, Path("/models/coder"))
    with pytest.raises(EngineUnavailable, match=r"/models/coder needs at least 4\.5 GiB .* 2\.0 GiB; .*kv_cache_gib"):
        require_memory(need, 2 * GIB, Path("/models/coder"))


def test_a_kv_cache_that_holds_no_whole_context_is_refused_with_figures_and_remedy() -> None:
    for enough in (0.0, 0.5, 2.0):
        require_whole_context(enough, GIB // 16384, 8192, Path("/models/coder"))
    with pytest.raises(
        EngineUnavailable, match=r"kv_cache_gib = 0\.3 holds 4,915 tokens.*8,192: ask for at least 0\.5,"
    ):
        require_whole_context(0.3, GIB // 16384, 8192, Path("/models/coder"))


@pytest.mark.parametrize(("dtype", "n_bytes"), [("float32", 4), ("bfloat16", 2), ("auto", 4)])
def test_weights_count_in_the_type_that_they_are_computed_in(tiny_model: Path, dtype: str, n_bytes: int) -> None:
    model = read_model(tiny_model)
    need = cpu_need(
        model, HostOptions(str(tiny_model), 1, 4096, dtype=dtype, kv_cache_gib=0.25), Hardware(2, 8 * GIB, False)
    )
    assert need.kv_cache == GIB // 4
    assert abs(need.weights - model.weight_bytes * n_bytes / 4) < 50_000  # the file has a header as well
