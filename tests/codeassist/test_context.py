from __future__ import annotations

from codeassist.context import arrange, join
from codeassist.fim import Slot
from indexer.types import Hit


def hit(name: str, n_lines: int = 3, start: int = 1, path: str = "", skeleton: bool = False) -> Hit:
    text = "".join(f"{name} line {number}\n" for number in range(n_lines))
    path = path or f"{name}.py"
    return Hit(path, start, start + n_lines - 1, 1.0, text, "lexical", "why", is_skeleton=skeleton)


def paths(slots: tuple[Slot, ...]) -> list[str]:
    return [slot.path for slot in slots]


def test_best_hits_stand_nearest_to_the_file() -> None:
    arranged = arrange((), [hit("best"), hit("second")], 1000, len)
    assert paths(arranged.slots) == ["second.py", "best.py"]


def test_the_budget_holds_and_what_is_left_out_says_so() -> None:
    arranged = arrange((), [hit("a"), hit("b"), hit("c")], 80, len)
    assert arranged.n_tokens <= 80
    assert [left.path for left in arranged.left_out] == ["c.py"]
    assert arranged.left_out[0].reason == "no room in the budget"


def test_previous_slots_keep_place_and_bytes() -> None:
    first = arrange((), [hit("a"), hit("b")], 1000, len)
    second = arrange(first.slots, [hit("c"), hit("b"), hit("a")], 1000, len)
    assert second.slots[:2] == first.slots
    assert paths(second.slots) == ["b.py", "a.py", "c.py"]


def test_previous_slots_leave_from_the_end_when_room_is_needed() -> None:
    first = arrange((), [hit("a"), hit("b"), hit("c")], 110, len)
    assert len(first.slots) == 3
    second = arrange(first.slots, [hit("d")], 110, len)
    assert paths(second.slots) == ["c.py", "b.py", "d.py"]
    assert second.n_tokens <= 110


def test_a_slot_whose_file_changed_is_replaced() -> None:
    first = arrange((), [hit("a")], 1000, len)
    edited = hit("edited", path="a.py")
    second = arrange(first.slots, [edited], 1000, len)
    assert [slot.code for slot in second.slots] == [edited.text.rstrip("\n")]


def test_lines_are_never_shown_twice() -> None:
    arranged = arrange((), [hit("a", 5), hit("a", 5, start=4)], 1000, len)
    assert len(arranged.slots) == 1
    assert "overlaps lines 1-5" in arranged.left_out[0].reason


def test_a_long_hit_is_cut_at_a_line_end() -> None:
    arranged = arrange((), [hit("a", 100)], 400, len)
    (slot,) = arranged.slots
    assert 2 <= slot.code.count("\n") + 1 < 100
    assert slot.end_line == slot.start_line + slot.code.count("\n")
    assert len(slot.text) <= 200


def test_nothing_fits_in_nothing() -> None:
    arranged = arrange((), [hit("a")], 0, len)
    assert arranged.slots == ()
    assert len(arranged.left_out) == 1


def test_a_hit_that_was_cut_stays_cut_where_it_was() -> None:
    first = arrange((), [hit("a", 100), hit("b", 100)], 400, len)
    second = arrange(first.slots, [hit("a", 100)], 400, len)
    assert second.slots == first.slots


def test_slots_of_a_changed_file_stay_only_when_a_hit_still_shows_them() -> None:
    first = arrange((), [hit("a"), hit("b")], 1000, len)
    second = arrange(first.slots, [hit("b")], 1000, len, changed={hit("a").path, hit("b").path})
    assert [slot.text for slot in second.slots] == [
        slot.text for slot in first.slots if slot.code == hit("b").text.rstrip()
    ]


def test_a_skeleton_that_gained_lines_is_shown_anew() -> None:
    before, after = hit("own", 2, skeleton=True), hit("own", 3, skeleton=True)
    previous = arrange((), [before], 1000, len).slots
    assert [slot.code for slot in arrange(previous, [after], 1000, len).slots] == [after.text.rstrip()]


def test_what_joins_takes_nobodys_room() -> None:
    previous = arrange((), [hit("a"), hit("b")], 1000, len)
    joined = join(previous.slots, [hit("c")], previous.n_tokens + 3, len)
    assert joined.slots == previous.slots
    assert [left.path for left in joined.left_out] == ["c.py"]
    assert paths(join(previous.slots, [hit("c")], 1000, len).slots) == [*paths(previous.slots), "c.py"]
    assert join(previous.slots, (), previous.n_tokens - 1, len).slots == previous.slots[:1]
