"""What the model would rather have read: from changed rows to findings, with opinions that are written down here."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from opinions import LIKELY, UNLIKELY, Opinions, scored

from codeassist.documents import make_document
from codeassist.fim import TEMPLATES
from codeassist.review.remedies import applied
from codeassist.review.surprise.calibration import CAP, Calibration, shipped_calibration
from codeassist.review.surprise.choosing import chosen
from codeassist.review.surprise.laying import Room, lay
from codeassist.review.surprise.preparing import MOST_TOKENS, affordable, pieces
from codeassist.review.surprise.reading import Laid, Read, Scorer, read
from codeassist.review.surprise.readings import suspects
from codeassist.review.surprise.stretches import MOST_LINES, Stretch, stretches
from codeassist.tokenizer import FileTokenizer
from codeassist.types import Token
from indexer.types import Hit, Query
from indexer.variants import Variant

CODE = """\
import sums


def total(values, limit):
    result = 0
    for value in values:
        result = result + limit
    return result
"""
ROWS = frozenset(range(3, 8))
TRUSTING = Calibration({"variable": 0.0, "constant": 0.0}, 1.0, 0.9)


def scorer_of(opinions: Opinions, tokenizer: FileTokenizer) -> Scorer:
    async def scorer(prompt: Sequence[int], n_last: int, n_top: int) -> tuple[Token, ...]:
        return tuple(scored(prompt, n_last, n_top, opinions, tokenizer))

    return scorer


def laid(text: str, tokenizer: FileTokenizer, rows: frozenset[int] = ROWS, budget: int = 100_000) -> list[Laid]:
    found = pieces(make_document("a.py", text), rows, tokenizer)
    return affordable(found, budget, Room(), TEMPLATES["deepseek"], tokenizer, None)


async def look(
    tokenizer: FileTokenizer,
    opinions: Opinions,
    text: str = CODE,
    budget: int = 100_000,
    is_over: Callable[[], bool] = lambda: False,
    rows: frozenset[int] = ROWS,
) -> Read:
    steps = read(laid(text, tokenizer, rows), scorer_of(opinions, tokenizer), tokenizer, budget, is_over)
    return [step async for step in steps][-1]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], []),
        ([0, 1, 2], [(0, 0)]),  # blank lines end nothing
        ([4, 7], [(3, 7)]),  # near enough to be read together
        ([0, 3, 4], [(0, 0), (3, 7)]),  # a function begins between
        ([6], [(3, 7)]),  # a line is read with those around it
        ([100], []),
    ],
)
def test_changed_rows_are_read_together_within_a_function(rows: list[int], expected: list[tuple[int, int]]) -> None:
    found = stretches(CODE.split("\n"), rows, [3])
    assert [(one.first, one.last) for one in found] == expected
    assert all(one.changed <= set(rows) for one in found)


def test_lines_around_a_short_stretch_are_changed_by_no_other_one() -> None:
    found = stretches(["x = 1"] * 30, [2, 9, 10, 20], [])
    assert [(one.first, one.last, sorted(one.changed)) for one in found] == [
        (0, 6, [2]), (5, 14, [9, 10]), (16, 24, [20]),
    ]  # fmt: skip


def test_a_long_change_is_cut() -> None:
    found = stretches(["x = 1"] * 100, range(100), [])
    assert [one.n_lines for one in found] == [MOST_LINES] * 3 + [10]


def test_comments_begin_no_stretch() -> None:
    assert stretches(["# one", "x = 1", "# two"], [0, 1, 2], []) == (Stretch(1, 1, frozenset({1})),)


def test_a_stretch_with_too_many_tokens_is_halved_and_a_line_with_too_many_left_out(tokenizer: FileTokenizer) -> None:
    text = "".join(f"value_{number} = {number} + {'x' * 90}{number}\n" for number in range(20))
    found = laid(text, tokenizer, frozenset(range(20)))
    assert len(found) > 1
    assert all(len(one.ids) <= MOST_TOKENS for one in found)
    assert {row for one in found for row in one.stretch.changed} == set(range(20))
    assert laid(f"x = [{'1, ' * 3000}]\n", tokenizer, frozenset({0})) == []


def test_a_stretch_is_the_gap_of_a_prompt(tokenizer: FileTokenizer) -> None:
    text = CODE + "\n\ndef after():\n    return total\n"
    (one,) = laid(text, tokenizer, frozenset({6}))
    opening = tokenizer.decode(one.gap.opening)
    assert one.gap.middle == "\n".join(CODE.split("\n")[3:8])
    assert "result" not in opening
    assert "import sums\n\n\n<｜fim▁hole｜>\n\n\ndef after():\n    return total\n<｜fim▁end｜>" in opening
    assert text[one.start :].startswith(one.gap.middle)
    assert {one.row(variant) for variant in one.variants} == {6}


def test_code_of_the_repository_stands_before_it_and_none_of_the_window(tokenizer: FileTokenizer) -> None:
    asked: list[Query] = []

    class Index:
        def search(self, query: Query, limit: int) -> list[Hit]:
            asked.append(query)
            return [Hit("sums.py", 1, 2, 1.0, "def add(one, other):\n    return one + other", "definition", "add")]

        def versions(self, paths: object) -> dict[str, str]:
            return {}

    document = make_document("a.py", CODE)
    gap = lay(document, Stretch(4, 6, frozenset({4, 5, 6})), Room(), TEMPLATES["deepseek"], tokenizer, Index())
    assert "# sums.py\ndef add(one, other):" in tokenizer.decode(gap.opening)
    (query,) = asked
    assert query.exclude_lines == (1, 9)
    assert {"result", "limit", "values"} <= set(query.identifiers)
    assert (
        lay(document, Stretch(4, 6, frozenset()), Room(slots=0), TEMPLATES["deepseek"], tokenizer, Index()).slots == ()
    )


async def test_the_edit_that_the_model_prefers_is_weighed_against_what_is_written(tokenizer: FileTokenizer) -> None:
    found = await look(tokenizer, {"result +": " value"})
    assert found.is_complete
    best = max(found.readings, key=lambda one: one.ratio)
    assert (best.suspect.variant.kind, best.suspect.variant.text) == ("variable", "value")
    assert best.laid.row(best.suspect.variant) == 6
    assert best.suspect.first == pytest.approx(LIKELY - UNLIKELY)
    assert best.ratio > 4


async def test_where_the_model_expects_what_is_written_nothing_is_asked_again(tokenizer: FileTokenizer) -> None:
    found = await look(tokenizer, {})
    assert (found.readings, len(found.scored), found.is_complete) == ((), 1, True)


async def test_an_edit_that_spoils_what_follows_is_not_preferred(tokenizer: FileTokenizer) -> None:
    after = {"result +": " value", "result + value": "pass"}
    found = await look(tokenizer, after)
    assert max(one.ratio for one in found.readings) < 4


def test_an_edit_whose_first_token_is_not_among_the_likely_ones_is_no_suspect(tokenizer: FileTokenizer) -> None:
    middle, ids = "x = y", tokenizer.encode("x = y")
    tokens = [Token(tokenizer.decode([one]), -3.0, (("zzz", -0.1),)) for one in ids]
    assert suspects(middle, ids, tokens, [Variant("variable", 4, 5, "w")], tokenizer) == ()


def test_only_what_the_budget_allows_gets_a_prompt_and_that_with_most_to_find_first(tokenizer: FileTokenizer) -> None:
    text = "def f(a, b):\n    return a\n\n\ndef g(a, b):\n    something('longer than the other')\n    return b\n"
    one, other = laid(text, tokenizer, frozenset(range(7)))
    assert (one.stretch.first, other.stretch.first) == (0, 4)
    assert laid(text, tokenizer, frozenset(range(7)), one.n_tokens + other.n_tokens - 1) == [one]
    assert laid(text, tokenizer, frozenset(range(7)), one.n_tokens - 1) == []


async def test_nothing_is_asked_beyond_the_budget_or_the_time(tokenizer: FileTokenizer) -> None:
    opinions = {"result +": " value"}
    (one,) = laid(CODE, tokenizer)
    nothing = await look(tokenizer, opinions, budget=one.n_tokens - 1)
    assert (nothing.scored, nothing.readings, nothing.n_tokens, nothing.is_complete) == ((), (), 0, False)
    once = await look(tokenizer, opinions, budget=one.n_tokens)
    assert (len(once.scored), once.readings, once.n_tokens, once.is_complete) == (1, (), one.n_tokens, False)
    late = await look(tokenizer, opinions, is_over=lambda: True)
    assert (late.scored, late.is_complete) == ((), False)


async def test_a_finding_says_what_is_likelier_and_brings_it(tokenizer: FileTokenizer) -> None:
    found = await look(tokenizer, {"result +": " value"})
    (finding,) = chosen(found.readings, {"a.py": CODE}, TRUSTING)
    assert (finding.path, finding.start_line, finding.end_line, finding.severity) == ("a.py", 7, 7, "warning")
    assert CODE.split("\n")[6][finding.start_column : finding.end_column] == "limit"
    assert finding.message.startswith("`limit` may be meant to be `value`: the model finds the code around it ")
    assert finding.message.endswith(" times likelier with `result = result + value`")
    assert finding.evidence == "a.py:7"
    assert finding.confidence > 0.9
    assert finding.replacement is not None
    assert applied(CODE, finding.replacement) == CODE.replace("result + limit", "result + value")


async def test_a_finding_keeps_its_name_when_lines_move(tokenizer: FileTokenizer) -> None:
    moved = f"# one\n# two\n{CODE}"
    found = [
        await look(tokenizer, {"result +": " value"}, text, rows=rows)
        for text, rows in ((CODE, ROWS), (moved, frozenset(row + 2 for row in ROWS)))
    ]
    (here,) = chosen(found[0].readings, {"a.py": CODE}, TRUSTING)
    (there,) = chosen(found[1].readings, {"a.py": moved}, TRUSTING)
    assert here.id == there.id
    assert there.start_line == here.start_line + 2


async def test_what_is_not_sure_enough_stays_unsaid(tokenizer: FileTokenizer) -> None:
    found = await look(tokenizer, {"result +": " value"})
    assert chosen(found.readings, {"a.py": CODE}, replace(TRUSTING, least=1.1)) == ()
    assert chosen(found.readings, {"a.py": CODE}, replace(TRUSTING, intercepts={})) == ()


def test_confidence_grows_with_the_ratio_and_is_nothing_where_the_text_is_no_likelier() -> None:
    known = shipped_calibration()
    for kind in known.intercepts:
        values = [known.confidence(kind, ratio) for ratio in (-1.0, 1.0, 4.0, 8.0, CAP, 99.0)]
        assert values == sorted(values)
        assert values[0] == 0.0 < values[1] < values[4] == values[5] <= 1.0
    assert 0.0 < known.least < 1.0
    assert math.isclose(TRUSTING.confidence("variable", 2.0), 1 / (1 + math.exp(-2)))
