"""Where nothing must be offered: what a line away looks like a repetition and is none. See `edited` for the marks."""

from __future__ import annotations

import tracemalloc

import pytest
from edited import check, edited

from codeassist.next_edit.holes import match
from codeassist.next_edit.moved import import_in
from codeassist.next_edit.source import open_source, source_of
from codeassist.next_edit.tokens import line_tokens

QUIET = {
    "the value of a literal is a matter of what it is for": (
        "f(own=Option(⟦False⇒True⟧, 'bool'))\n\ng(own=Option(⟦False⇒True⟧, 'bool'))\n\nh(far=Option(False, 'bool'))\n"
    ),
    "a name behind a dot is another": (
        "files⟦⇒: Files⟧ = []\n\n\nfiles⟦⇒: Files⟧ = []\n\n\npackage.files = []\n"
    ),
    "a variable that the place does not see": (
        "class A:\n    def f(self, channel):\n        g(⟦self.channel⇒channel⟧, 1)\n\n"
        "        h(⟦self.channel⇒channel⟧, 2)\n"
        "        i(‹self.channel⇒channel›, 3)\n\n    def j(self):\n        return k(self.channel, 4)\n"
    ),
    "a variable that the line itself is about to set": (
        "def f(env):\n    events = env\n    a(⟦env.events⇒events⟧, 1)\n\n    b(⟦env.events⇒events⟧, 2)\n\n\n"
        "def g(env):\n    events = c(env.events, 3)\n"
    ),
    "what would be lost": (
        "⟦first = load(1)⇒data = read(1)⟧\n\n\n⟦second.a = load(2)⇒data = read(2)⟧\n\n\nthird = load(3)\n"
    ),
    "a variable that gets another value": (
        "def f(a):\n    ⟦found⇒first⟧ = a[0]\n    print(‹found⇒first›)\n    found = a[1]\n    return found\n"
    ),
    "a definition with another body": (
        "@once\ndef ⟦read(path):\n    with guard():\n        return path⇒reread():\n    return 2⟧\n\n\nread()\n"
    ),
    "a parameter of another type": "def f(⟦link: Link⇒name: str⟧):\n    return link.name\n",
    "a name that is left out": "def f():\n    a, ⟦found⇒_⟧ = g()\n    return found\n",
    "an attribute of something else": (
        "class A:\n    def __init__(self, name):\n        self.⟦name⇒full⟧ = name\n\n\n"
        "def f(props):\n    return props.name\n"
    ),
    "a type in place of another that is still there": (
        "from a import Thing, Item\n\n\ndef f(x: ⟦Thing⇒Item⟧):\n    pass\n\n\n"
        "def g(y: ⟦Thing⇒Item⟧, n):\n    pass\n\n\n"
        "class B(Thing):\n    pass\n"
    ),
    "a name of the language": (
        "def f(x: ⟦bytes⇒Ref⟧):\n    pass\n\n\ndef g(n, x: ⟦bytes⇒Ref⟧ = 1):\n    pass\n\n\nbytes(1)\n"
    ),
    "lines in other surroundings": (
        "def a():\n    start()\n    job = make()\n⟦⇒    job.stop = 1\n⟧    run()\n\n\n"
        "def b():\n    start()\n    job = make()\n⟦⇒    job.stop = 1\n⟧    run()\n\n\n"
        "def c():\n    job = make()\n    wait()\n"
    ),
}  # fmt: skip

MOVED = {
    "the only name": ("from shop.cart import Cart", "from shop.basket import Cart"),
    "one of several": (
        "from shop.cart import Cart, Item  # both",
        "from shop.cart import Item  # both\nfrom shop.basket import Cart",
    ),
    "with another name": ("from shop.cart import Cart as C", "from shop.basket import Cart as C"),
    "in a function": ("def f():\n    from shop.cart import Cart", "def f():\n    from shop.basket import Cart"),
    "another name": ("from shop.cart import Item", "from shop.cart import Item"),
    "another module": ("from store.cart import Cart", "from store.cart import Cart"),
}
FIRST = "from shop.⟦cart⇒basket⟧ import Cart\n"


@pytest.mark.parametrize("marked", QUIET.values(), ids=QUIET)
def test_chance_is_no_repetition(marked: str) -> None:
    check(marked)


@pytest.mark.parametrize(("before", "after"), MOVED.values(), ids=MOVED)
def test_what_moved_to_another_module_is_imported_from_there(before: str, after: str) -> None:
    sources = {
        "shop/a.py": FIRST,
        "shop/b.py": f"‹{before}⇒{after}›\n" if before != after else f"{before}\n",
        "shop/cart.py": "Item = 1\n",
    }
    check(sources, closed=["shop/b.py", "shop/cart.py"])


@pytest.mark.parametrize("old", ["class Cart:\n    pass\n", "from shop.basket import Cart\n"])
def test_what_the_old_module_still_has_is_not_moved(old: str) -> None:
    sources = {"shop/a.py": FIRST, "shop/b.py": "from shop.cart import Cart\n", "shop/cart.py": old}
    check(sources, closed=["shop/b.py", "shop/cart.py"])


def test_modules_that_are_not_the_workspaces_say_nothing() -> None:
    sources = {"a.py": "from ⟦typing⇒collections.abc⟧ import Iterable\n", "b.py": "from typing import Iterable\n"}
    check(sources, closed=["b.py"])


def test_a_module_that_is_gone_moved_as_a_whole() -> None:
    sources = {
        "src/shop/a.py": FIRST,
        "src/shop/b.py": "from shop.‹cart⇒basket› import Cart\n",
        "src/shop/basket.py": "class Cart:\n    pass\n",
    }
    check(sources, closed=["src/shop/b.py", "src/shop/basket.py"])


def test_other_documents_are_left_alone_until_it_was_done_in_three() -> None:
    sources = {
        f"{name}.py": f"value = load({name})\n⟦value = load(1, {name})⇒value = read({name})⟧\n"
        for name in ("one", "two")
    }
    closed = {"four.py": "value = load(1, four)\n"}
    editor = edited({**sources, **closed}, closed=list(closed))
    assert editor.ask() is None
    offer = editor.ask(invoked=True)
    assert offer is not None
    assert offer.document.path == "four.py"


def test_what_takes_the_place_of_something_keeps_its_spaces() -> None:
    marked = (
        "class A:\n    def f(self, args):\n        a = ⟦self.args⇒args⟧.size\n        b = ⟦self.args⇒args⟧.size\n"
        "        g(c=‹self.args⇒args›.size)\n"
    )
    check(marked)


def test_a_hole_at_the_end_is_a_whole_expression() -> None:
    assert match(("return", 0), line_tokens("return a.b(c)"), 0) == (7, {0: (1, 7)})
    assert match(("f", "(", 0), line_tokens("f(a.b, c)"), 0) == (5, {0: (2, 5)})


@pytest.mark.parametrize(
    "line", ["from . import a", "from a import (", "import a", "from a import (b)", "from a import "]
)
def test_imports_that_are_read_otherwise_are_left_alone(line: str) -> None:
    assert import_in(line) is None


def test_what_is_read_of_texts_does_not_pile_up() -> None:
    text = "".join(f"def f{number}(a):\n    return a + {number}\n" for number in range(500))
    tracemalloc.start()
    sizes = []
    for number in range(90):
        for source in (
            open_source("a.py", f"{text}x = {number}\n"),
            source_of(f"b{number}.py", f"{text}y = {number}\n"),
        ):
            assert source.syntax is not None
            assert source.with_text(f"{source.text}z = 1\n").syntax is not None
        sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert sizes[-1] - sizes[len(sizes) // 3] < 2 * len(text)


def test_an_import_with_very_many_spaces_behind_it_is_none() -> None:
    assert import_in("from a import b" + " " * 500_000 + "!") is None
    found = import_in("from a import b ,  c   # why")
    assert found is not None
    assert (found.names, found.comment) == (("b", "c"), "# why")
