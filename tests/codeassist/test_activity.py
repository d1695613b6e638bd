"""Places that were edited: how they move, which of them a cursor is shown, and what is kept from prompts."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from codeassist.activity import EDITED, MAX_LINES, MAX_PLACES, MAX_SHOWN, Activity, Place, with_edit
from codeassist.sources import Neighbour, WithActivity
from indexer.changes import UNCOMMITTED, ChangedFile
from indexer.types import Hit, Query

CART = "def price_of(item):\n    return 1\n\n\n" + "\n" * 20 + "def total_price(items):\n    return 2\n"


def opened(**texts: str) -> Activity:
    """Documents `name.py` that are open with these texts."""
    activity = Activity()
    for name, text in texts.items():
        activity.opened(f"{name}.py", lambda text=text: text)  # type: ignore[misc]
    return activity


def asked(text: str, *, path: str = "bill.py", similar: bool = True) -> Query:
    return Query(text, identifiers=("total_price",), path=path, source=text, line=1, similar=similar)


# (places before), (start, end, lines now), places after; all in one file
EDITS = {
    "the first": ((), (3, 4, 1), ((3, 4),)),
    "another, far away, comes first": (((30, 31),), (3, 4, 1), ((3, 4), (30, 31))),
    "near one merges": (((3, 4),), (8, 9, 1), ((3, 9),)),
    "lines put in above move a place": (((30, 32),), (2, 2, 5), ((2, 7), (35, 37))),
    "lines taken out above move a place": (((30, 32),), (2, 8, 1), ((2, 3), (25, 27))),
    "lines below move nothing": (((3, 4),), (40, 40, 9), ((40, 49), (3, 4))),
    "typing on in the same line": (((3, 4),), (3, 4, 1), ((3, 4),)),
    "a new line below": (((3, 4),), (3, 4, 2), ((3, 5),)),
    "a place that was taken out goes": (((30, 32),), (10, 60, 1), ((10, 11),)),
    "a deletion is a place of one line": ((), (5, 9, 0), ((5, 6),)),
}


@pytest.mark.parametrize("case", EDITS)
def test_places_move_with_later_edits(case: str) -> None:
    before, edit, after = EDITS[case]
    found = with_edit(tuple(Place("a.py", *span) for span in before), "a.py", *edit)
    assert [(place.start, place.end) for place in found] == list(after)


def test_places_of_other_files_stay_as_they_are() -> None:
    other = Place("b.py", 4, 5)
    assert with_edit((other,), "a.py", 0, 0, 90) == (Place("a.py", 0, 90), other)


def test_only_the_newest_places_are_kept() -> None:
    places: tuple[Place, ...] = ()
    for number in range(MAX_PLACES + 5):
        places = with_edit(places, f"{number}.py", 1, 2, 1)
    assert len(places) == MAX_PLACES
    assert places[0].path == f"{MAX_PLACES + 4}.py"


def test_a_place_that_shares_a_name_is_shown_as_it_is_now() -> None:
    activity = opened(cart=CART)
    activity.edited("cart.py", 24, 25, 1)
    (hit,) = activity.hits(asked("total_price("))
    assert hit.path == "cart.py"
    assert hit.text.split("\n")[0] == "def total_price(items):"
    assert CART.split("\n")[hit.start_line - 1 : hit.end_line] == hit.text.split("\n")
    assert hit.why == "edited a moment ago"


def test_a_place_that_shares_no_name_is_not_shown() -> None:
    activity = opened(cart=CART)
    activity.edited("cart.py", 0, 1, 1)
    assert activity.hits(Query("unrelated", path="bill.py")) == []


def test_names_in_comments_and_strings_are_not_shared() -> None:
    activity = opened(cart="# total_price\nx = 'total_price'\n")
    activity.edited("cart.py", 0, 2, 2)
    assert activity.hits(asked("total_price(")) == []


def test_the_asking_document_is_not_shown_to_itself() -> None:
    activity = opened(bill=CART)
    activity.edited("bill.py", 24, 25, 1)
    assert activity.hits(asked("total_price(")) == []


def test_of_two_alike_the_newer_is_first_and_no_more_than_a_few_are_shown() -> None:
    names = [f"cart{number}" for number in range(MAX_SHOWN + 2)]
    activity = opened(**dict.fromkeys(names, CART))
    for name in names:
        activity.edited(f"{name}.py", 24, 25, 1)
    assert [hit.path for hit in activity.hits(asked("total_price("))] == [
        f"{name}.py" for name in reversed(names[-MAX_SHOWN:])
    ]


def test_of_a_long_edit_the_end_is_shown() -> None:
    text = "".join(f"total_price({number})\n" for number in range(100))
    activity = opened(cart=text)
    activity.edited("cart.py", 0, 0, 90)
    (hit,) = activity.hits(asked("total_price("))
    assert hit.text.count("\n") + 1 == MAX_LINES
    assert "total_price(89)" in hit.text


def test_a_place_beyond_the_end_of_a_document_is_no_trouble() -> None:
    activity = opened(cart="total_price = 1")
    activity.edited("cart.py", 500, 501, 1)
    assert [hit.text for hit in activity.hits(asked("total_price("))] == ["total_price = 1"]


def test_what_is_not_open_is_forgotten() -> None:
    activity = opened(cart=CART)
    activity.edited("cart.py", 24, 25, 1)
    activity.edited("never.py", 1, 2, 1)
    activity.closed("cart.py")
    activity.closed("never.py")
    assert activity.hits(asked("total_price(")) == []
    assert activity.versions(["cart.py", "never.py"]) == {}


class Found:
    """A Retriever with one hit in each of these files."""

    def __init__(self, *paths: str) -> None:
        self.paths = paths

    def search(self, query: Query, limit: int) -> list[Hit]:
        return [Hit(path, 24, 26, 1.0, "x", "lexical", "similar code") for path in self.paths][:limit]

    def versions(self, paths: Iterable[str]) -> dict[str, str]:
        return {path: "blob" for path in paths if path in self.paths}


def edited_cart() -> Activity:
    activity = opened(cart=CART)
    activity.edited("cart.py", 24, 25, 1)
    return activity


def test_edited_places_come_before_what_the_index_finds() -> None:
    retriever = WithActivity(Found("shop.py"), edited_cart(), lambda path, text: None)
    hits = retriever.search(asked("total_price("), 5)
    assert [(hit.path, hit.source) for hit in hits] == [("cart.py", "activity"), ("shop.py", "lexical")]
    assert hits[0].score > hits[1].score


def test_the_saved_version_of_an_edited_place_is_left_out() -> None:
    hits = WithActivity(Found("cart.py"), edited_cart(), lambda path, text: None).search(asked("total_price("), 5)
    assert [hit.source for hit in hits] == ["activity"]


def test_a_document_that_is_withheld_is_not_shown() -> None:
    def withheld(path: str, text: str) -> str | None:
        return "looks like a secret" if "price_of" in text else None

    hits = WithActivity(Found("shop.py"), edited_cart(), withheld).search(asked("total_price("), 5)
    assert [hit.path for hit in hits] == ["shop.py"]


def test_code_that_is_merely_alike_is_not_asked_of_the_user_either() -> None:
    retriever = WithActivity(Found("shop.py"), edited_cart(), lambda path, text: None)
    assert [hit.path for hit in retriever.search(asked("total_price(", similar=False), 5)] == ["shop.py"]


def test_versions_follow_the_edits_of_open_documents() -> None:
    activity = edited_cart()
    retriever = WithActivity(Found("cart.py", "shop.py"), activity, lambda path, text: None)
    before = retriever.versions(["cart.py", "shop.py", "other.py"])
    activity.edited("cart.py", 0, 1, 1)
    after = retriever.versions(["cart.py", "shop.py", "other.py"])
    assert before["shop.py"] == after["shop.py"] == "blob"
    assert before["cart.py"] != after["cart.py"]
    assert "other.py" not in after


def changed(*names: str, text: str = CART, span: tuple[int, int] = (24, 25)) -> tuple[ChangedFile, ...]:
    return tuple(ChangedFile(f"{name}.py", text, (span,), UNCOMMITTED) for name in names)


def test_what_is_not_committed_is_shown_before_anything_was_edited() -> None:
    activity = Activity()
    activity.changed_on_disk(changed("cart", "other", text=CART))
    hits = activity.hits(asked("total_price("))
    assert [(hit.path, hit.why) for hit in hits] == [("cart.py", UNCOMMITTED), ("other.py", UNCOMMITTED)]
    assert hits[0].text.split("\n")[0] == "def total_price(items):"
    activity.changed_on_disk(())
    assert activity.hits(asked("total_price(")) == []


def test_what_was_edited_here_comes_before_what_is_not_committed() -> None:
    activity = opened(edited="x = total_price\n")
    activity.changed_on_disk(changed("cart", "cart2", text=CART.replace("items", "total_price, subtotal_price")))
    activity.edited("edited.py", 0, 1, 1)
    query = Query("total_price(subtotal_price, price_of)", path="bill.py")
    assert [hit.path for hit in activity.hits(query)] == ["edited.py", "cart.py"]


def test_the_asking_document_is_not_shown_what_it_has_changed_itself() -> None:
    activity = Activity()
    activity.changed_on_disk(changed("bill", "cart"))
    assert [hit.path for hit in activity.hits(asked("total_price("))] == ["cart.py"]


def test_changes_of_an_open_document_move_with_its_edits_and_are_shown_as_they_are_now() -> None:
    texts = {"cart.py": CART}
    activity = Activity()
    activity.changed_on_disk(changed("cart"))
    activity.opened("cart.py", lambda: texts["cart.py"])
    texts["cart.py"] = "import this\n" * 9 + CART.replace("total_price", "total_price_now")
    activity.edited("cart.py", 0, 0, 9)
    hits = activity.hits(Query("total_price_now", path="bill.py"))
    assert [(hit.start_line, hit.text.split("\n")[0], hit.why) for hit in hits] == [
        (34, "def total_price_now(items):", UNCOMMITTED)
    ]


def test_an_edit_next_to_a_change_makes_it_an_edit() -> None:
    activity = opened(cart=CART)
    activity.changed_on_disk(changed("cart"))
    activity.edited("cart.py", 25, 26, 1)
    assert [hit.why for hit in activity.hits(asked("total_price("))] == [EDITED]


def test_a_document_that_is_not_as_it_is_on_disk_keeps_what_is_known_of_it() -> None:
    texts = {"cart.py": CART}
    activity = Activity()
    activity.opened("cart.py", lambda: texts["cart.py"])
    activity.changed_on_disk(changed("cart"))
    texts["cart.py"] = "\n" * 5 + CART
    activity.edited("cart.py", 0, 0, 5)
    activity.changed_on_disk(changed("cart", span=(0, 1)))
    assert [hit.start_line for hit in activity.hits(asked("total_price("))] == [30]


# what the editor shows when it opens the document, whether its changes on disk still say anything
OPENED = {"as on disk": (CART, True), "recovered from a backup": ("# new\n" + CART, False)}


@pytest.mark.parametrize("case", OPENED)
def test_a_document_is_opened_with_the_changes_of_its_text(case: str) -> None:
    text, is_shown = OPENED[case]
    activity = Activity()
    activity.changed_on_disk(changed("cart"))
    activity.opened("cart.py", lambda: text)
    assert bool(activity.hits(asked("total_price("))) is is_shown
    activity.closed("cart.py")
    assert bool(activity.hits(asked("total_price("))) is is_shown


def test_a_changed_file_that_is_withheld_is_not_shown() -> None:
    def withheld(path: str, text: str) -> str | None:
        return "looks like a secret" if "price_of" in text else None

    activity = Activity()
    activity.changed_on_disk(changed("cart"))
    assert [hit.path for hit in WithActivity(Found(), activity, withheld).search(asked("total_price("), 5)] == []


PAYMENT = "def settle_payment(invoice, currency, discount):\n    return invoice\n"


def beside(text: str, secret: str | None = None) -> WithActivity:
    """A retriever of a folder beside another one, in which this text was just edited."""
    elsewhere = opened(pay=text)
    elsewhere.edited("pay.py", 0, 1, 1)
    neighbour = Neighbour("../server/", elsewhere, lambda path, text: secret)
    return WithActivity(Found("shop.py"), Activity(), lambda path, text: None, lambda: (neighbour,))


# what the cursor is at, whether a place of another folder is shown to it
ELSEWHERE = {
    "many names": ("settle_payment(invoice, currency, discount)", True),
    "one name": ("settle_payment(", False),
    "no name": ("unrelated(", False),
}


@pytest.mark.parametrize("case", ELSEWHERE)
def test_an_edit_in_another_folder_is_shown_where_it_clearly_helps(case: str) -> None:
    text, is_shown = ELSEWHERE[case]
    hits = beside(PAYMENT).search(Query(text, path="bill.py"), 5)
    assert [hit.path for hit in hits] == [*["../server/pay.py"] * is_shown, "shop.py"]


def test_what_another_folder_withholds_is_not_shown() -> None:
    query = Query("settle_payment(invoice, currency, discount)", path="bill.py")
    assert [hit.path for hit in beside(PAYMENT, "ignored by git").search(query, 5)] == ["shop.py"]


def test_edits_of_the_own_folder_come_first_and_leave_others_no_room() -> None:
    other = opened(pay=PAYMENT)
    other.edited("pay.py", 0, 1, 1)
    own = opened(**{f"own{number}": "settle_payment = 1\n" for number in range(MAX_SHOWN)})
    for number in range(MAX_SHOWN):
        own.edited(f"own{number}.py", 0, 1, 1)
    neighbour = Neighbour("../server/", other, lambda path, text: None)
    retriever = WithActivity(Found(), own, lambda path, text: None, lambda: (neighbour,))
    hits = retriever.search(Query("settle_payment(invoice, currency, discount)", path="bill.py"), 5)
    assert sorted(hit.path for hit in hits) == [f"own{number}.py" for number in range(MAX_SHOWN)]


def test_versions_follow_the_edits_in_other_folders() -> None:
    elsewhere = opened(pay=PAYMENT)
    neighbour = Neighbour("inner/", elsewhere, lambda path, text: None)
    retriever = WithActivity(Found("inner/pay.py"), Activity(), lambda path, text: None, lambda: (neighbour,))
    paths = ["inner/pay.py", "pay.py", "inner/closed.py"]
    before = retriever.versions(paths)
    elsewhere.edited("pay.py", 0, 1, 1)
    after = retriever.versions(paths)
    assert before.keys() == after.keys() == {"inner/pay.py"}
    assert before != after
