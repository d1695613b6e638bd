"""From a model's words to findings: what is read, where it is anchored, and what of it is dropped."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from claims import CLAIM, claiming

from codeassist.errors import AnswerUnusable
from codeassist.findings.types import Finding, Replacement
from codeassist.review.changes import ChangedFile
from codeassist.review.model_review.anchoring import anchored, finding_of, grouped, is_shown
from codeassist.review.model_review.answers import MAX_CLAIMS, MAX_REASON, Claim, read_claims, read_verdict
from codeassist.review.model_review.portions import Portion, portions, shown_file

OLD = "import os\n\n\ndef total(orders):\n    return sum(orders)\n\n\nlast = 1\n"
NEW = (
    "import os\n\n\ndef total(orders):\n    result = 0\n\n    for order in orders[1:]:\n        result += order\n"
    "    return result\n\n\nlast = 1\n"
)


def portion_of(new: str = NEW, old: str = OLD, path: str = "a.py") -> Portion:
    file = ChangedFile(path, "modified", old_text=old, new_text=new)
    (portion,) = portions(shown_file(file), file.hunks, (), 10_000)
    return portion


def claim(**changed: Any) -> Claim:
    (read,) = read_claims(claiming(CLAIM | changed))
    return read


def finding(new: str = NEW, **changed: Any) -> Finding | None:
    one = anchored(claim(**changed), portion_of(new))
    return finding_of(one, new, 0, with_replacement=True) if one else None


def test_a_claim_becomes_a_finding_with_its_remedy() -> None:
    found = finding()
    assert found is not None
    assert (found.path, found.start_line, found.end_line, found.category) == ("a.py", 7, 7, "bug")
    assert (found.message, found.evidence, found.found_by) == ("the first order is left out", "a.py:7", "model")
    assert found.replacement == Replacement(7, 7, "    for order in orders:")


def test_a_model_alone_fails_no_commit_and_is_never_wholly_sure() -> None:
    found = finding(severity="error", confidence=1)
    assert found is not None
    assert (found.severity, found.confidence) == ("warning", 0.95)


@pytest.mark.parametrize("stated", [4, 7, 10])
def test_a_claim_is_moved_to_where_its_quote_is(stated: int) -> None:
    found = finding(start_line=stated, end_line=stated + 9)
    assert found is not None
    assert (found.start_line, found.end_line) == (7, 7)


@pytest.mark.parametrize(
    "quote",
    [
        "    for order in orders[1:]:\n        result += order",
        "for   order in orders[1:]:\nresult += order",
        "    7 +     for order in orders[1:]:\n    8 +         result += order",
        "7 for order in orders[1:]:\n8 result += order",
    ],
)
def test_a_quote_may_have_several_lines_other_blanks_and_a_margin(quote: str) -> None:
    found = finding(quote=quote)
    assert found is not None
    assert (found.start_line, found.end_line) == (7, 8)


def test_empty_lines_in_the_middle_of_a_quote_do_not_matter() -> None:
    found = finding(quote="result = 0\nfor order in orders[1:]:", start_line=5)
    assert found is not None
    assert (found.start_line, found.end_line) == (5, 7)


@pytest.mark.parametrize(
    "changed",
    [
        {"quote": "for order in orders[2:]:"},
        {"quote": ""},
        {"quote": ":"},
        {"quote": "[("},
        {"start_line": 11},
        {"start_line": 1},
        {"quote": "import os", "start_line": 1},
        {"quote": "last = 1", "start_line": 12},
        {"quote": "[a line that looks like a secret is left out]"},
    ],
)
def test_a_quote_that_no_changed_line_has_near_by_is_dropped(changed: dict[str, Any]) -> None:
    assert finding(**changed) is None


def test_what_is_gone_may_be_spoken_of_at_the_lines_beside_it() -> None:
    old, new = "a()\nlock()\nb()\nc()\n", "a()\nb()\nc()\n"
    portion = portion_of(new, old)
    assert anchored(claim(quote="b()", start_line=2), portion) is not None
    assert anchored(claim(quote="c()", start_line=3), portion) is None


@pytest.mark.parametrize(
    ("changed", "is_kept"),
    [
        ({"category": "maintainability", "severity": "note"}, False),
        ({"category": "maintainability", "severity": "warning", "reason": "the naming is unclear"}, False),
        (
            {"category": "maintainability", "severity": "warning", "reason": "the next caller will get a stale cache"},
            True,
        ),
        ({"category": "bug", "severity": "note"}, True),
    ],
)
def test_taste_is_no_finding(changed: dict[str, Any], is_kept: bool) -> None:
    assert (finding(**changed) is not None) == is_kept


@pytest.mark.parametrize(
    "replacement",
    [
        [],
        ["   "],
        ["for order in orders[1:]:"],
        ["for order in (orders:"],
        ["for order in orders:  # \u202e"],
        ["\x1b[2Jfor order in orders:"],
        ["[masked]"],
        ["x = 1"] * 99,
    ],
)
def test_a_remedy_that_cannot_be_is_left_out(replacement: list[str]) -> None:
    found = finding(replacement=replacement)
    assert found is not None
    assert found.replacement is None


def test_a_remedy_touches_changed_lines_alone() -> None:
    new, old = "a = 1\nb = 2\nc = 3\n", "a = 1\nb = 0\nc = 3\n"
    one = anchored(claim(quote="a = 1\nb = 2", start_line=1, replacement=["a = 5", "b = 5"]), portion_of(new, old))
    assert one is not None
    assert finding_of(one, new, 0, with_replacement=True).replacement is None
    assert finding_of(one, new, 0, with_replacement=False).replacement is None


def test_a_remedy_is_put_at_the_place_of_the_quote_whatever_lines_it_names() -> None:
    found = finding(start_line=5, end_line=9_000)
    assert found is not None
    assert found.replacement == Replacement(7, 7, "    for order in orders:")


@pytest.mark.parametrize(
    "item",
    [
        None,
        [],
        {key: value for key, value in CLAIM.items() if key != "quote"},
        CLAIM | {"start_line": "7"},
        CLAIM | {"start_line": True},
        CLAIM | {"category": "secret"},
        CLAIM | {"category": "style"},
        CLAIM | {"severity": "fatal"},
        CLAIM | {"confidence": "high"},
        CLAIM | {"reason": " \n "},
        CLAIM | {"replacement": "x"},
        CLAIM | {"quote": ["x"]},
    ],
)
def test_a_claim_that_has_not_the_form_costs_no_other(item: Any) -> None:
    assert [one.start_line for one in read_claims(claiming(item, CLAIM))] == [7]


@pytest.mark.parametrize("said", ["", "nothing is wrong", "[]", '{"findings": 3}', '{"found": []}', '{"findings": ['])
def test_an_answer_without_a_list_is_unusable(said: str) -> None:
    with pytest.raises(AnswerUnusable):
        read_claims(said)


def test_fields_that_nobody_asked_for_are_passed_over() -> None:
    assert claim(path="/etc/passwd", command="rm -rf /").start_line == 7


def test_words_for_a_person_are_short_printable_and_on_one_line() -> None:
    read = claim(reason="\x1b]0;owned\x07 it\nfails \u202e" + "very " * 200)
    assert "\n" not in read.reason
    assert "\x1b" not in read.reason
    assert "\u202e" not in read.reason
    assert len(read.reason) < MAX_REASON + 30


def test_a_reason_ends_without_a_full_stop_as_all_messages_do() -> None:
    assert claim(reason="It fails. It does so often.").reason == "It fails. It does so often"


def test_there_are_only_so_many_claims() -> None:
    assert len(read_claims(claiming(*[CLAIM] * 50))) == MAX_CLAIMS


@pytest.mark.parametrize(
    ("said", "is_real"),
    [
        ('{"why": "w", "quote": "orders[1:]", "verdict": "real"}', True),
        ('{"quote": "orders[1:]", "verdict": "not"}', False),
    ],
)
def test_a_verdict_is_read(said: str, is_real: bool) -> None:
    verdict = read_verdict(said)
    assert (verdict.is_real, verdict.quote) == (is_real, "orders[1:]")


@pytest.mark.parametrize(
    "said", ["real", '{"verdict": "yes", "quote": "x"}', '{"verdict": true, "quote": "x"}', '{"verdict": "real"}']
)
def test_a_verdict_that_has_not_the_form_is_unusable(said: str) -> None:
    with pytest.raises(AnswerUnusable):
        read_verdict(said)


def test_a_proof_must_have_been_shown() -> None:
    shown = ["def total(orders):\n    for order in orders[1:]:\n        pass"]
    assert is_shown("def total(orders):\n  for order in orders[1:]:", shown)
    assert is_shown("    2 +     for order in orders[1:]:", shown)
    assert not is_shown("for order in orders:", shown)
    assert not is_shown("", shown)
    assert not is_shown("[masked]", ["[masked]"])


def test_one_thing_is_said_once_and_names_all_its_places() -> None:
    first = finding()
    assert first is not None
    elsewhere = replace(first, id="2", start_line=20, end_line=21, evidence="a.py:20", confidence=0.6)
    same_lines = replace(first, id="3", message="it is empty", confidence=0.7)
    (one,) = grouped([elsewhere, same_lines, first])
    assert (one.id, one.start_line, one.places) == (first.id, 7, ("a.py:20",))
    other = replace(first, id="4", path="b.py")
    assert len(grouped([first, other])) == 2


def test_a_finding_keeps_its_name_when_lines_move_and_words_change() -> None:
    first, second = finding(), finding("# new\n" + NEW, start_line=8, reason="orders[0] is lost")
    assert first is not None
    assert second is not None
    assert first.id == second.id
