from __future__ import annotations

from pathlib import Path

from bench.quality.cases import sample_cases


def test_the_same_seed_gives_the_same_cursors(tmp_path: Path) -> None:
    source = "\n".join(f"value_{number} = compute({number})" for number in range(40))
    for number in range(5):
        (tmp_path / f"mod_{number}.py").write_text(source)
    first, second = sample_cases(tmp_path, 4, seed=3), sample_cases(tmp_path, 4, seed=3)
    assert first == second
    assert len(first) == 4
    for case in first:
        assert len(case.left) == case.cursor.column
        assert case.before.endswith(case.left)
        assert case.left + case.truth in source
        assert case.filled(case.truth) == source
