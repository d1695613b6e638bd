"""What is offered after an edit: `⟦old⇒new⟧` is the user's, `‹old⇒new›` has to be offered, all else has to stay."""

from __future__ import annotations

import itertools

import pytest
from edited import Editor, check, edited

from codeassist.documents import make_document

RENAMES = {
    "a local variable": (
        "a.py",
        "def total(items):\n    ⟦amount⇒price⟧ = 0\n    for item in items:\n        ‹amount⇒price› += item\n"
        "    return ‹amount⇒price›\n\n\ndef other():\n    amount = 1\n    return amount\n",
    ),
    "a parameter": (
        "a.py",
        "def total(⟦items⇒things⟧, tax):\n    items_seen = 'items'  # items\n"
        "    return sum(‹items⇒things›) * tax\n\n\nitems = []\n",
    ),
    "a parameter that an inner function hides": (
        "a.py",
        "def outer(⟦item⇒thing⟧):\n    def inner(item):\n        return item\n    return inner(‹item⇒thing›)\n",
    ),
    "a function": (
        "a.py",
        "def ⟦load⇒read⟧(path):\n    return path\n\n\ndef main():\n    value = ‹load⇒read›('a')\n",
    ),
    "a class": (
        "a.py",
        "class ⟦Cart⇒Basket⟧:\n    pass\n\n\ndef make() -> ‹Cart⇒Basket›:\n    return ‹Cart⇒Basket›()\n",
    ),
    "a method": (
        "a.py",
        "class Cart:\n    def ⟦total⇒amount⟧(self):\n        return 1\n\n    def show(self):\n        total = 2\n"
        "        return self.‹total⇒amount›() + total\n",
    ),
    "an attribute": (
        "a.py",
        "class Cart:\n    def __init__(self, size):\n        self.⟦size⇒n_items⟧ = size\n\n    def show(self):\n"
        "        return self.‹size⇒n_items›\n",
    ),
    "a constant": ("a.py", "⟦LIMIT⇒MAX_ITEMS⟧ = 3\n\n\ndef show():\n    return ‹LIMIT⇒MAX_ITEMS›\n"),
    "a TypeScript parameter": (
        "a.ts",
        "function total(⟦items⇒things⟧: number[]): number {\n  return ‹items⇒things›.length;\n}\nconst items = 1;\n",
    ),
    "a TypeScript method": (
        "a.ts",
        "class Cart {\n  ⟦total⇒amount⟧(): number { return 1; }\n  show() { return this.‹total⇒amount›(); }\n}\n",
    ),
    "a TypeScript variable": (
        "a.tsx",
        "function show() {\n  const ⟦a⇒price⟧ = 1;\n  const b = { a: 2 };\n  return <p>{‹a⇒price›}</p>;\n}\n",
    ),
    "a Go function": (
        "a.go",
        "package a\n\nfunc ⟦load⇒read⟧(path string) string {\n\treturn path\n}\n\nfunc main() {\n"
        "\t‹load⇒read›(\"a\")\n}\n",
    ),
    "a Go variable": (
        "a.go",
        "package a\n\nfunc main() {\n\t⟦n⇒count⟧ := 1\n\tprint(‹n⇒count›)\n}\n\n"
        "func other(n int) int {\n\treturn n\n}\n",
    ),
    "a Go method": (
        "a.go",
        "package a\n\nfunc (c *Cart) ⟦Total⇒Amount⟧() int {\n\treturn 1\n}\n\nfunc show(c *Cart) int {\n"
        "\treturn c.‹Total⇒Amount›()\n}\n",
    ),
}  # fmt: skip

SIGNATURES = {
    "a parameter that went": (
        "a.py",
        "def send(to, ⟦subject, ⇒⟧body):\n    return to, body\n\n\nsend(a, ‹b, ⇒›c)\n"
        "send(to=a, body=c‹, subject=b⇒›)\n",
    ),
    "a parameter that came, for callers that have it": (
        "a.py",
        "def send(to⟦⇒, body⟧):\n    return to\n\n\ndef first(body):\n    send(1‹⇒, body›)\n\n\n"
        "def second():\n    send(1)\n",
    ),
    "a parameter with a default": (
        "a.py",
        "def send(to⟦⇒, body=None⟧):\n    return to\n\n\ndef first(body):\n    send(1)\n",
    ),
    "a parameter with another name": (
        "a.py",
        "def send(⟦to⇒address⟧, body):\n    return body\n\n\nsend(‹to⇒address›=1, body=2)\n",
    ),
    "parameters in another order": (
        "a.py",
        "def send(⟦to, body⇒body, to⟧):\n    return body\n\n\nsend(‹1, (2, 3)⇒(2, 3), 1›)\nsend(body=2, to=1)\n",
    ),
    "a constructor's": (
        "a.py",
        "class Cart:\n    def __init__(self, size⟦, name⇒⟧):\n        self.size = size\n\n\n"
        "Cart(1‹, 'a'⇒›)\nother.Cart(1)\n",
    ),
    "in TypeScript": (
        "a.ts",
        "function send(to: string⟦, body: string⇒⟧) {\n  return to;\n}\nsend('a'‹, 'b'⇒›);\n",
    ),
    "in Go": (
        "a.go",
        "package a\n\nfunc send(⟦to string, ⇒⟧body string) string {\n\treturn body\n}\n\nfunc main() {\n"
        "\tsend(‹\"a\", ⇒›\"b\")\n}\n",
    ),
}  # fmt: skip

TEMPLATES = {
    "a call that got an argument": (
        "a.py",
        "load(a⟦⇒, strict=True⟧)\nx = 1\nload(b⟦⇒, strict=True⟧)\nx = 2\nload(c‹⇒, strict=True›)\nsave(c)\n",
    ),
    "a call that became another, with holes": (
        "a.py",
        "⟦self.assertEqual(a, 1)⇒assert a == 1⟧\nx = 1\n⟦self.assertEqual(f(b), 2)⇒assert f(b) == 2⟧\nx = 2\n"
        "‹self.assertEqual(c[0], g(1, 2))⇒assert c[0] == g(1, 2)›\n",
    ),
    "a string": (
        "a.py",
        "a = get('⟦colour⇒color⟧', 1)\n\n\nb = get('⟦colour⇒color⟧', 2)\n\n\n"
        "c = get('‹colour⇒color›', 3)\ncolour = 1\n",
    ),
    "a key in TypeScript": (
        "a.ts",
        "f({ ⟦colour⇒color⟧: 1 });\n\nf({ ⟦colour⇒color⟧: 2 });\n\nf({ ‹colour⇒color›: 3 });\n",
    ),
    "a call in Go": (
        "a.go",
        "package a\n\nfunc main() {\n\tlog.⟦Println⇒Info⟧(1)\n\tx := 1\n\tlog.⟦Println⇒Info⟧(x)\n\ty := 2\n"
        "\tlog.‹Println⇒Info›(y)\n}\n",
    ),
    "upwards": (
        "a.py",
        "load(a)\nx = 1\nload(b)\nx = 2\nload(c)\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("path", "marked"), RENAMES.values(), ids=RENAMES)
def test_a_rename_goes_on_at_the_uses(path: str, marked: str) -> None:
    check(marked, path)


@pytest.mark.parametrize(("path", "marked"), SIGNATURES.values(), ids=SIGNATURES)
def test_a_changed_signature_goes_on_at_the_calls(path: str, marked: str) -> None:
    check(marked, path)


@pytest.mark.parametrize(("path", "marked"), TEMPLATES.values(), ids=TEMPLATES)
def test_what_was_done_twice_goes_on(path: str, marked: str) -> None:
    check(marked, path)


def test_it_goes_on_in_the_direction_of_the_user() -> None:
    editor = Editor({"a.py": "load(a)\nx = 1\nload(b)\nx = 2\nload(c)\nx = 3\nload(d)\n"})
    for name in ("c", "b"):
        at = editor.texts["a.py"].index(f"load({name})") + 6
        editor.type("a.py", at, at, ", 1")
    offer = editor.ask()
    assert offer is not None
    editor.accept(offer)
    assert editor.ask() is None
    assert editor.texts["a.py"] == "load(a, 1)\nx = 1\nload(b, 1)\nx = 2\nload(c, 1)\nx = 3\nload(d)\n"


def test_a_place_that_was_passed_over_says_that_not_all_are_meant() -> None:
    check("load(a⟦⇒, 1⟧)\n\nload(b)\n\nload(c⟦⇒, 1⟧)\n\nload(d)\n")


def test_lines_that_were_removed_twice_are_removed() -> None:
    body = "    x = compute({0})\n"
    parts = [f"def f{name}():\n⟦    log.debug('at')\n⇒⟧{body.format(name)}\n\n" for name in "ab"]
    check("".join(parts) + f"def fc():\n‹    log.debug('at')\n⇒›{body.format('c')}\n\n")


def test_another_thing_under_a_known_name_is_no_rename() -> None:
    check("def f(a, b):\n    ⟦first⇒b⟧ = a\n    return first\n")
    check("def f():\n    ⟦first = 1⇒second = other(2)⟧\n    return first\n")


def test_an_import_of_something_else_renames_nothing() -> None:
    check("from a import ⟦first⇒second⟧\n\nprint(first)\n")


def test_strings_and_comments_are_left_alone() -> None:
    check("def ⟦load⇒read⟧():\n    '''load'''\n\n\n# load\nprint('load', ‹load⇒read›)\n")


def test_other_documents_and_files_follow() -> None:
    sources = {
        "a.py": "def ⟦load_all⇒read_all⟧():\n    return 1\n",
        "b.py": "from a import ‹load_all⇒read_all›\n\n‹load_all⇒read_all›()\n",
        "c.py": "import a\n\na.‹load_all⇒read_all›()\n",
    }
    check(sources, closed=["c.py"])


def test_a_name_that_is_defined_elsewhere_too_stays_in_its_document() -> None:
    sources = {
        "a.py": "def ⟦load_all⇒read_all⟧():\n    return 1\n",
        "b.py": "import a\n\na.load_all()\n",
        "c.py": "def load_all():\n    return 2\n",
    }
    check(sources, closed=["b.py", "c.py"])


def test_letters_are_one_edit_and_what_was_undone_is_none() -> None:
    editor = edited({"a.py": "def f():\n    ⟦amount⇒price⟧ = 1\n    return amount\n"})
    edits, n_edits = editor.next_edits.history.seen()
    assert [(edit.start, edit.before, edit.after) for edit in edits] == [(1, ("    amount = 1",), ("    price = 1",))]
    assert n_edits == 1
    at = editor.texts["a.py"].index("price")
    editor.type("a.py", at, at + 5, "amount")
    assert editor.next_edits.history.seen()[0] == ()
    assert editor.ask() is None


def test_an_edit_above_moves_those_below() -> None:
    editor = edited({"a.py": "x = 1\n\n\ndef f():\n    ⟦amount⇒price⟧ = 1\n    return amount\n"})
    editor.type("a.py", 0, 0, "y = 2\n")
    offer = editor.ask()
    assert offer is not None
    assert (offer.start.line, offer.text, offer.title) == (6, "price", "rename `amount` to `price`")


def test_the_rest_is_counted() -> None:
    offer = edited({"a.py": "def ⟦load⇒read⟧():\n    pass\n\n\nload()\nload()\nload() + load()\n"}).ask()
    assert offer is not None
    assert (offer.n_more, offer.rule) == (2, "rename")


def dismissed() -> Editor:
    editor = edited({"a.py": "x = 1\n\n\ndef f():\n    ⟦amount⇒price⟧ = 1\n    a(amount)\n    b(amount)\n"})
    offer = editor.ask()
    assert offer is not None
    editor.next_edits.offers.shown(offer.id)
    editor.type("a.py", 0, 0, "y = 2\n")
    return editor


def test_what_was_turned_down_stays_quiet() -> None:
    editor = dismissed()
    assert editor.ask() is None
    assert editor.ask() is None
    assert editor.ask(invoked=True) is not None


def test_what_was_never_shown_was_not_turned_down() -> None:
    editor = edited({"a.py": "x = 1\n\n\ndef f():\n    ⟦amount⇒price⟧ = 1\n    return amount\n"})
    assert editor.ask() is not None
    editor.type("a.py", 0, 0, "y = 2\n")
    assert editor.ask() is not None


def test_who_does_it_by_hand_after_all_is_offered_the_rest() -> None:
    editor = dismissed()
    assert editor.ask() is None
    at = editor.texts["a.py"].index("a(amount)") + 2
    editor.type("a.py", at, at + 6, "price")
    offer = editor.ask()
    assert offer is not None
    assert offer.start.line == 7


def test_who_asks_far_away_has_turned_it_down() -> None:
    text = "def f():\n    ⟦amount⇒price⟧ = 1\n    return amount\n" + "\n" * 40
    editor = edited({"a.py": text})
    offer = editor.ask()
    assert offer is not None
    editor.next_edits.offers.shown(offer.id)
    assert editor.ask() is not None
    again = editor.ask()
    assert again is not None
    editor.next_edits.offers.shown(again.id)
    editor.cursor = type(editor.cursor)(30, 0)
    assert editor.ask() is None


def test_a_closed_document_takes_its_edits_along() -> None:
    editor = edited({"a.py": "def ⟦load⇒read⟧():\n    pass\n\n\nload()\n"})
    editor.next_edits.history.forget("a.py")
    assert editor.ask() is None


def test_a_result_that_parses_worse_is_not_offered() -> None:
    check("⟦load(a)⇒load a⟧\n\n\n⟦load(b)⇒load b⟧\n\n\nload(c)\n")


@pytest.mark.parametrize("text", ["", "\n", "def (\n", "é😀\t\n" * 3, "x = 1\n" * 60_000, "(" * 3000, "\0\n"])
def test_odd_texts_harm_nothing(text: str) -> None:
    editor = Editor({"a.py": text, "b": text})
    for path in ("a.py", "b"):
        editor.type(path, 0, min(1, len(text)), "load")
        editor.ask()


def test_tabs_and_wide_letters_are_counted_as_code_points() -> None:
    editor = edited({"a.py": "def f():\n\t⟦amount⇒price⟧ = '😀'\n\treturn '😀é', amount\n"})
    offer = editor.ask()
    assert offer is not None
    assert (offer.start.line, offer.start.column, offer.end.column) == (2, 14, 20)


def test_a_cancelled_search_reads_no_file() -> None:
    texts = {"a.py": "def ⟦load_all⇒read_all⟧():\n    pass\n", "b.py": "import a\na.load_all()\n"}
    editor = edited(texts, closed=["b.py"])
    document = make_document("a.py", editor.texts["a.py"])
    assert editor.next_edits.find(document, editor.cursor, {}, is_cancelled=lambda: True) is None
    assert editor.files.n_read == 0


def test_time_that_is_over_ends_the_search() -> None:
    texts = {"a.py": "def ⟦load_all⇒read_all⟧():\n    pass\n"}
    files = {f"b{number}.py": "import a\n" * number for number in range(9)}
    editor = edited(texts)
    ticks = itertools.count(0.0, 0.1)
    editor.next_edits._clock = lambda: next(ticks)
    editor.files.texts = {path: text + "# load_all\n" for path, text in files.items()}
    assert editor.ask() is None
    assert editor.files.n_read <= 3
