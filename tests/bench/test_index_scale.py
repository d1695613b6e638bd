"""The corpora and the arithmetic of `bench.index_scale`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.index_scale.cold import Cost, compared, figures
from bench.index_scale.corpus import Corpus, renamed
from bench.index_scale.growth import exponents
from bench.index_scale.loop import Phase, described
from bench.index_scale.peers import find_peers
from bench.index_scale.weighing import Weighed, folder_bytes, weigh

SOURCE = "from shop.basket import shortest_basket\n\nclass BasketView:\n    return shortest_basket(Basket)\n"


def test_a_copy_spells_words_anew_everywhere_alike_and_keeps_the_language() -> None:
    copies = [renamed(SOURCE, number) for number in range(1, 9)]
    assert len({SOURCE, *copies}) > 4
    for copy in copies:
        assert copy.count("from ") == copy.count("import ") == copy.count("class ") == copy.count("    return ") == 1
        module, name = copy.split()[1].split(".")[1], copy.split()[3]
        assert name.endswith(f"_{module}")
        assert f"{name}({module.capitalize()})" in copy


def test_a_word_is_spelled_alike_in_every_file_of_a_round() -> None:
    assert renamed("basket", 3) == renamed("my basket", 3).split()[1]


@pytest.mark.parametrize(
    ("power", "costs"), [(1.0, [2.0, 6.0, 20.0]), (2.0, [1.0, 9.0, 100.0]), (0.0, [5.0, 5.0, 5.0])]
)
def test_the_exponent_says_by_which_power_a_cost_grows(power: float, costs: list[float]) -> None:
    rows: list[dict[str, object]] = [
        {"megabytes": size, "seconds": cost, "cpu_seconds": cost, "peak_mb": cost}
        for size, cost in zip((1.0, 3.0, 10.0), costs, strict=True)
    ]
    assert exponents(rows) == pytest.approx({"seconds": power, "cpu_seconds": power, "peak_mb": power}, abs=1e-9)


def test_figures_are_per_byte_of_source_and_per_core() -> None:
    corpus = Corpus(Path(), tuple(map(str, range(100))), 4096 * 200)
    costs = [Cost(Weighed(seconds, 4.0, 50.0, '{"symbols": 7}'), 4096 * 100) for seconds in (1.0, 2.0, 9.0)]
    found = figures(costs, corpus)
    assert found["files_per_s"] == 50.0
    assert found["files_of_4kb_per_cpu_second"] == 50.0
    assert found["index_bytes_per_source_byte"] == 0.5
    assert found["symbols"] == 7


def test_a_ratio_is_ours_by_theirs() -> None:
    ours = {"files_per_s": 10.0, "cpu_seconds": 2.0, "peak_mb": 30, "index_bytes_per_source_byte": 3.0}
    theirs = {"files_per_s": 20.0, "cpu_seconds": 1.0, "peak_mb": 60, "index_bytes_per_source_byte": 1.5}
    assert compared({"codeassist": dict(ours), "other": dict(theirs)}) == {
        "other": {"files_per_s": 0.5, "cpu_seconds": 2.0, "peak_mb": 0.5, "index_bytes_per_source_byte": 2.0}
    }


def test_memory_and_processor_time_of_children_count() -> None:
    child = (
        "import time; held = bytearray(80_000_000); t = time.process_time()\nwhile time.process_time() < t + .3: pass"
    )
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}]); print('done')"
    weighed = weigh([sys.executable, "-c", parent])
    assert weighed.output == "done\n"
    assert weighed.peak_mb > 80
    assert weighed.cpu_seconds > 0.3


def test_a_program_that_fails_is_told_with_its_last_words() -> None:
    with pytest.raises(SystemExit, match="no such luck"):
        weigh([sys.executable, "-c", "raise ValueError('no such luck')"])


def test_bytes_of_a_folder_are_those_of_all_its_files(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "one").write_bytes(b"12")
    (tmp_path / "inner" / "two").write_bytes(b"345")
    assert folder_bytes(tmp_path) == 5


def test_a_peer_that_is_missing_is_left_out_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    tools, versions = find_peers(None)
    assert not {"bm25s", "tantivy", "semble"} & {tool.name for tool in tools}
    assert versions["semble"].startswith("missing: pip install semble")
    assert "semble is missing" in capsys.readouterr().err


def test_waits_count_in_the_phase_that_they_fall_into() -> None:
    phase = Phase("typing", 10.0, 20.0, [1.0, 2.0], [3.0])
    ours = [("late", 9.0, 99.0), ("late", 11.0, 25.0), ("late", 12.0, 6.0), ("callback save", 11.0, 24.0)]
    found = described(phase, ours, [("late", 12.0, 4.0), ("late", 21.0, 50.0)])
    assert (found["longest_wait_ms"], found["waits_over_20_ms"], found["waits_over_5_ms"]) == (25.0, 1, 2)
    assert found["bare_loop_longest_wait_ms"] == 4.0
    assert found["longest_callbacks_ms"] == {"callback save": 24.0}
