"""All that is said of a change has one form: a clause that begins small or with code, and ends without a full stop."""

from __future__ import annotations

import re
from pathlib import Path

from reviewed import reviewed

from codeassist.review.changes import ChangedFile
from codeassist.review.vulnerabilities import bandit
from codeassist.review.vulnerabilities.bandit_settings import BanditSettings

BEFORE = """
== shop/price.py
def price_of(order, rate):
    return order * rate


def gone(order):
    return order


def tested(order):
    return order
== shop/old.py
NAME = "shop"
== till.py
from shop.old import NAME
from shop.price import gone, price_of


def total(orders):
    return sum(price_of(one, 2) for one in orders) + gone(orders), NAME
== tests/test_price.py
from shop.price import tested


def test_it():
    assert tested(1) == 1
"""
CHANGE = """
== shop/price.py
def price_of(order):
    return order


def tested(order, unused=1):
    a = order
    b = a + 1
    c = b * 2
    d = c - 3
    e = d + a
    f = e + b
    return a + b + c + d + e + f
== -shop/old.py
== shop/new.py
from shop.price import pricee_of

TOKEN = "ghp_x7Qm2LzP9aWk4RtY8vBn3CsD6fGh1JkLqW5e"
breakpoint()
== half.py
x = 1
>>>>>>> theirs
== whole.py
<<<<<<< HEAD
x = 1
=======
x = 2
>>>>>>> theirs
== .env
PASSWORD=hunter22
== node_modules/a/index.js
x
== shop/price.py.orig
x
"""
VULNERABLE = "import subprocess\n\npassword = 'hunter22'\nsubprocess.call(x, shell=True)\n"
# A sentence of bandit's own may begin as it likes.
FORM = re.compile(r"(?:[a-z0-9`]|[A-Z].*\(CWE-).*[^.\s]", re.DOTALL)


def test_all_messages_have_one_form(tmp_path: Path) -> None:
    findings = reviewed(tmp_path, BEFORE, CHANGE)
    file = ChangedFile("a.py", "added", new_text=VULNERABLE)
    findings += bandit.find([file], BanditSettings(), lambda: False)[0]
    assert {one.category for one in findings} == {
        "debug-leftover", "huge-file", "merge-conflict", "missing-name", "removed-symbol", "secret", "stale-call",
        "untested-change", "unused-parameter", "vulnerability",
    }  # fmt: skip
    assert [one.message for one in findings if not FORM.fullmatch(one.message)] == []
