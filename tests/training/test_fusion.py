"""How the weights of `indexer/fusion.py` are fitted: cases, scores, regression."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.quality.cases import Case
from codeassist.documents import make_document
from codeassist.types import Cursor
from indexer.fusion import Candidate, Kind, Situation
from indexer.searching import Gathered
from indexer.types import Hit
from training import fusion_fit
from training.fusion_cases import Pieces, by_hand, with_block_missing
from training.fusion_fit import Scored, feature_names, foretold, rows_of, solve
from training.fusion_score import make_prompts, slots_of

TEXT = "def f(a):\n    x = \n    y = 2\n\n    if y:\n        z = 3\n    return x\n\n\ndef g():\n    pass\n"


def case_of(scores: list[tuple[float, float]], *features: dict[str, float], **known: Any) -> Scored:
    candidates = [{"slots": [number], "spelled": 0, "features": one} for number, one in enumerate(features)]
    case = {"repository": "one", "is_block": False, "n_answer": 8, "candidates": candidates, "arms": {}} | known
    return Scored(case, np.array(scores, np.float64))


def test_a_missing_block_ends_where_the_indentation_does() -> None:
    case = Case("repo", make_document("a.py", TEXT), Cursor(1, 8), "boundary", "1")
    block = with_block_missing(case)
    assert block.truth == "1\n    y = 2\n\n    if y:\n        z = 3\n    return x"
    assert block.document.text == "def f(a):\n    x = \n\n\ndef g():\n    pass\n"
    assert block.filled(block.truth) == TEXT.replace("x = \n", "x = 1\n")


def test_a_piece_is_kept_once(tmp_path: Path) -> None:
    pieces = Pieces()
    assert [pieces.add((1, 2)), pieces.add((3,)), pieces.add((1, 2))] == [0, 1, 0]
    pieces.save(tmp_path / "pieces.npz")
    stored = np.load(tmp_path / "pieces.npz")
    assert stored["ids"].tolist() == [1, 2, 3]
    assert stored["ends"].tolist() == [2, 3]


def test_prompts_are_put_together_from_pieces(tmp_path: Path) -> None:
    folder = tmp_path / "repo"
    folder.mkdir()
    pieces = Pieces()
    opening, window, answer, slot = (pieces.add((number,)) for number in (1, 2, 3, 4))
    (folder / "cases.jsonl").write_text(
        f'{{"opening": {opening}, "window": {window}, "answer": {answer}, "candidates": [{{"slots": [{slot}]}}],'
        ' "arms": {"served": {"slots": []}}}\n'
    )
    pieces.save(folder / "pieces.npz")
    make_prompts(tmp_path, tmp_path / "prompts.npz")
    stored = np.load(tmp_path / "prompts.npz")
    assert stored["ends"].tolist() == [3, 7, 10]
    assert stored["parts"].tolist() == [0, 1, 2, 0, 3, 1, 2, 0, 1, 2]


def test_the_slots_of_a_case_come_in_the_order_of_its_scores() -> None:
    case = {"candidates": [{"slots": [7]}, {"slots": [8]}], "arms": {"served": {"slots": [7, 8]}}}
    assert [list(slots) for slots in slots_of(case)] == [[], [7], [8], [7, 8]]


def test_what_a_candidate_saved_is_the_difference_cut_off() -> None:
    scored = [case_of([(4.0, 9.0), (3.0, 1.0), (40.0, 1.0)], {"a": 1.0}, {"a": 0.5, "b": 1.0})]
    names = feature_names(scored)
    rows = rows_of(scored, names)
    assert names == ["a", "b"]
    assert rows.values.tolist() == [[1.0, 0.0], [0.5, 1.0]]
    assert rows.saved.tolist() == [1.0, -fusion_fit.MAX_NATS]
    assert rows.weight.tolist() == [0.5, 0.5]


def test_of_a_block_so_much_counts_as_of_a_line() -> None:
    block = case_of([(1.0, 96.0)], is_block=True, n_answer=96)
    assert block.nats(0) == pytest.approx(96.0 * fusion_fit.BLOCK_TOKENS / 96)
    assert case_of([(1.0, 9.0)]).nats(0) == 1.0


def test_weights_that_made_the_data_are_found() -> None:
    random = np.random.default_rng(0)
    cases = []
    for _ in range(400):
        features = [{"a": 1.0, "b": float(value)} for value in random.random(5)]
        saved = [0.5 + 2.0 * one["b"] for one in features]
        cases.append(case_of([(9.0, 9.0), *((9.0 - value, 0.0) for value in saved)], *features))
    rows = rows_of(cases, ["a", "b"])
    everything = np.ones(len(rows.saved), np.bool_)
    weights = solve(rows, everything, 0.01)
    assert weights == pytest.approx([0.5, 2.0], abs=0.02)
    assert foretold(rows, everything, weights) > 0.99


def test_the_order_by_hand_is_similar_code_then_names() -> None:
    kinds: list[tuple[Kind, int]] = [("similar", 6), ("called", 1), ("definition", 2), ("imported", 1)]
    candidates = [
        Candidate(Hit(f"{kind}{number}.py", 1, 2, 1.0, "x", "lexical", ""), kind, 1.0)
        for kind, n_candidates in kinds
        for number in range(n_candidates)
    ]
    gathered = Gathered([], candidates, Situation("blank", frozenset(), frozenset()), [])
    order = [hit.path.removesuffix(".py")[:-1] for hit in by_hand(gathered, 20)]
    assert order[:5] == ["similar"] * 4 + ["called"]
    assert order[5:] == ["similar"] * 2 + ["definition"] * 2 + ["imported"]
