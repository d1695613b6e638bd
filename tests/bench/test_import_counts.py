"""What is counted of imports: found, from outside, missing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bench.import_resolution import measure

# language, files, (resolved, missing, external, named, defined)
CASES = {
    "python": (
        {
            "shop/__init__.py": "from requests import get\n",
            "shop/cart.py": "class Cart: ...\n",
            "a.py": "import os\nfrom shop.cart import Cart, Gone\nfrom shop import get\nfrom . import nothing\n",
        },
        (3, 1, 2, 2, 1),
    ),
    "typescript": (
        {
            "cart.ts": "export class Cart {\n  go() { f(); }\n}\n",
            "a.ts": "import { Cart } from './cart';\nimport { x } from './gone';\nimport y from 'react';\n",
        },
        (1, 1, 1, 1, 1),
    ),
    "go": (
        {
            "go.mod": "module example.org/shop\n",
            "cart/cart.go": "package cart\n",
            "a.go": 'package a\n\nimport (\n\t"fmt"\n\t"example.org/shop/cart"\n\t"example.org/shop/gone"\n)\n',
        },
        (1, 1, 1, 0, 0),
    ),
    "java": (
        {
            "u/Cart.java": "package com.acme;\nclass Cart { int f() { return 1; } }\n",
            "A.java": "package b;\nimport com.acme.Cart;\nimport com.acme.Gone;\nimport java.util.List;\n",
        },
        (1, 1, 1, 1, 1),
    ),
    "c_sharp": (
        {"u/Cart.cs": "namespace Acme;\nclass Cart { }\n", "A.cs": "using Acme;\nusing System.IO;\n"},
        (1, 0, 1, 0, 0),
    ),
    "ruby": (
        {"lib/shop/cart.rb": "class Cart\nend\n", "a.rb": 'require "json"\nrequire "shop/cart"\nrequire "shop/gone"\n'},
        (1, 1, 1, 0, 0),
    ),
    "c": (
        {"lib/cart.h": "int f(int);\n", "a.c": '#include <stdio.h>\n#include "cart.h"\n#include "gone/cart.h"\n'},
        (1, 1, 1, 0, 0),
    ),
    "rust": (
        {
            "src/lib.rs": "mod cart;\nuse crate::cart::{Cart, Gone};\nuse std::fmt;\nuse serde::Deserialize;\n",
            "src/cart.rs": "pub struct Cart { a: i32 }\n",
        },
        (3, 0, 2, 2, 1),
    ),
}


@pytest.mark.parametrize("language", CASES)
def test_imports_are_found_missing_or_from_outside(tmp_path: Path, language: str) -> None:
    files, wanted = CASES[language]
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    subprocess.run(["git", "-C", str(tmp_path), "init", "-q"], check=True)
    outcomes = measure(tmp_path)[language].outcomes
    found = tuple(outcomes[name] for name in ("resolved", "missing", "external", "named", "defined"))
    assert found == wanted


def test_types_are_counted_where_imports_bring_all_of_a_namespace(tmp_path: Path) -> None:
    (tmp_path / "Cart.cs").write_text("namespace Acme;\nclass Cart { }\nclass Item { }\n")
    (tmp_path / "A.cs").write_text("using Acme;\nclass A { void F(Cart c, Other o) { } }\n")
    subprocess.run(["git", "-C", str(tmp_path), "init", "-q"], check=True)
    counts = measure(tmp_path)["c_sharp"]
    assert (counts.outcomes["names"], counts.outcomes["found"]) == (1, 1)
    assert counts.figures()["found_share"] == 1.0
