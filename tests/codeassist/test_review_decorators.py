"""Functions under decorators of their own repository: whose parameters are known all the same, and whose are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from reviewed import marked_lines, places, reviewed

SHOP = "== pyproject.toml\n== shop/__init__.py\n"
CALLS = "from shop.cart import f\nf(1)  # STALE\nf(1, 2)\n"


def check(root: Path, decorators: str, decorated: str = "@kept") -> None:
    """Whether a call of a decorated function is seen to be stale."""
    module = "== shop/cart.py\nfrom shop.around import kept\n{}\ndef f(a{}): return a\n"
    before = f"{SHOP}== shop/around.py\n{decorators}{module.format(decorated, '')}== use.py\n{CALLS}"
    change = module.format(decorated, ", b")
    assert places(reviewed(root, before, change), "stale-call") == marked_lines(before, change, "STALE")


def check_quiet(root: Path, decorators: str, decorated: str = "@kept") -> None:
    module = "== shop/cart.py\nfrom shop.around import kept\n{}\ndef f(a{}): return a\n"
    before = f"{SHOP}== shop/around.py\n{decorators}{module.format(decorated, '')}== use.py\n{CALLS}"
    assert places(reviewed(root, before, module.format(decorated, ", b")), "stale-call") == []


def wrapping(body: str, parameters: str = "*args, **kwargs", result: str = "wrapper") -> str:
    return (
        "import functools\nfrom typing import cast\ndef kept(func):\n    @functools.wraps(func)\n"
        f"    def wrapper({parameters}):\n        {body}\n    return {result}\n"
    )


PLAIN = "return func(*args, **kwargs)"
FACTORY = (
    "def kept(times=1):\n    def decorate(func):\n        def wrapper(*args, **kwargs):\n            {}\n"
    "        return wrapper\n    return decorate\n"
)
EITHER = (
    "def kept(func=None, *, times=1):\n    def decorate(func):\n        def wrapper(*args, **kwargs):\n"
    "            return func(*args, **kwargs)\n        return wrapper\n"
    "    if func is None:\n        return decorate\n    return decorate(func)\n"
)


@pytest.mark.parametrize(
    ("decorators", "decorated"),
    [
        ("KEPT = []\ndef kept(func):\n    KEPT.append(func)\n    return func\n", "@kept"),
        (
            "def kept(name):\n    def add(func):\n        func.name = name\n        return func\n    return add\n",
            "@kept('x')",
        ),
        (wrapping(PLAIN), "@kept"),
        (wrapping("print(args, kwargs)\n        " + PLAIN), "@kept"),
        (wrapping("print(f'{args} {args[0]} {kwargs.get(\"b\")}')\n        " + PLAIN), "@kept"),
        (wrapping("try:\n            " + PLAIN + "\n        finally:\n            pass"), "@kept"),
        (wrapping("return func(a, *args, **kwargs)", "a, *args, **kwargs"), "@kept"),
        (wrapping(PLAIN, "*args: P.args, **kwargs: P.kwargs"), "@kept"),
        (wrapping(PLAIN, result="cast(F, wrapper)"), "@kept"),
        (wrapping(PLAIN, result="functools.update_wrapper(wrapper, func)"), "@kept"),
        (
            wrapping(PLAIN).replace("    def wrapper", "    async def wrapper").replace("func(*", "await func(*"),
            "@kept",
        ),
        (FACTORY.format(PLAIN), "@kept()"),
        (FACTORY.format(PLAIN), "@kept(times=2)"),
        (EITHER, "@kept"),
        (EITHER, "@kept(times=3)"),
        (wrapping(PLAIN), "@kept\n@kept"),
    ],
)
def test_parameters_stay_known_through_decorators_that_hand_everything_on(
    tmp_path: Path, decorators: str, decorated: str
) -> None:
    check(tmp_path, decorators, decorated)


@pytest.mark.parametrize(
    ("decorators", "decorated"),
    [
        (wrapping("return func(1, *args, **kwargs)"), "@kept"),
        (wrapping("return func(*args)"), "@kept"),
        (wrapping("return func(*args, b=1, **kwargs)"), "@kept"),
        (wrapping("kwargs['b'] = 2\n        " + PLAIN), "@kept"),
        (wrapping("kwargs.setdefault('b', 2)\n        " + PLAIN), "@kept"),
        (wrapping("kwargs.pop('x')\n        " + PLAIN), "@kept"),
        (wrapping("args = (*args, 2)\n        " + PLAIN), "@kept"),
        (wrapping("del kwargs['b']\n        " + PLAIN), "@kept"),
        (wrapping("args += (2,)\n        " + PLAIN), "@kept"),
        (wrapping("for args in x: pass\n        " + PLAIN), "@kept"),
        (wrapping("fill(kwargs)\n        " + PLAIN), "@kept"),
        (wrapping("return func(a, **kwargs)", "a, **kwargs"), "@kept"),
        (wrapping("return func(*args, **kwargs)", "*args, b=1, **kwargs"), "@kept"),
        (wrapping("return func(x, *args, **kwargs)", "x, *args, **kwargs"), "@kept"),
        (wrapping("return run(func, *args, **kwargs)"), "@kept"),
        (wrapping(PLAIN, result="property(wrapper)"), "@kept"),
        (wrapping(PLAIN).replace("@functools.wraps(func)", "@other"), "@kept"),
        (wrapping("a = 2\n        return func(a, *args, **kwargs)", "a, *args, **kwargs"), "@kept"),
        (wrapping(PLAIN, result="other"), "@kept"),
        (wrapping(PLAIN).replace("return wrapper", "wrapper = other(wrapper)\n    return wrapper"), "@kept"),
        (wrapping(PLAIN).replace("return wrapper", "print(wrapper)"), "@kept"),
        (wrapping(PLAIN).replace("def kept", "@other\ndef kept"), "@kept"),
        (wrapping(PLAIN), "@kept\n@other"),
        (FACTORY.format("return func(2, *args, **kwargs)"), "@kept()"),
        (FACTORY.format(PLAIN), "@kept"),
        ("def kept(func):\n    return func(1)\n", "@kept"),
        ("def kept(func):\n    func = other(func)\n    return func\n", "@kept"),
        ("def kept(func):\n    yield func\n", "@kept"),
        ("class kept:\n    def __init__(self, func): self.func = func\n", "@kept"),
        ("from library import kept\n", "@kept"),
        ("kept = other\n", "@kept"),
    ],
)
def test_any_other_decorator_keeps_quiet(tmp_path: Path, decorators: str, decorated: str) -> None:
    check_quiet(tmp_path, decorators, decorated)


def test_methods_under_a_decorator_are_told_by_what_they_are_called_on(tmp_path: Path) -> None:
    around = "def kept(func):\n    def wrapper(self, *args, **kwargs):\n        return func(self, *args, **kwargs)\n"
    module = (
        "== shop/cart.py\nfrom shop import around\nclass Cart:\n    @around.kept\n    def put(self, x{}): return x\n"
    )
    uses = "from shop.cart import Cart\nCart().put(1)  # STALE\nCart().put(1, 2)\n"
    before = f"{SHOP}== shop/around.py\n{around}    return wrapper\n{module.format('')}== use.py\n{uses}"
    found = reviewed(tmp_path, before, module.format(", y"))
    assert places(found, "stale-call") == ["use.py:2"]
    assert [one.severity for one in found if one.category == "stale-call"] == ["error"]


def test_a_decorator_that_comes_with_the_change_says_nothing_of_before(tmp_path: Path) -> None:
    around = wrapping(PLAIN)
    module = "== shop/cart.py\nfrom shop.around import kept\n{}def f(a{}): return a\n"
    before = f"{SHOP}== shop/around.py\n{around}{module.format('', '')}== use.py\n{CALLS}"
    change = module.format("@kept\n", ", b")
    assert places(reviewed(tmp_path, before, change), "stale-call") == ["use.py:2"]
    other = module.format("@lost\n", "")
    gone = f"{SHOP}== shop/around.py\n{around}{other}== use.py\n{CALLS}"
    assert places(reviewed(tmp_path / "gone", gone, change), "stale-call") == []
