from __future__ import annotations

import argparse
import json
from pathlib import Path

from bench.quality import context
from bench.quality.__main__ import command_line


def test_the_likest_line_is_found_by_its_tokens() -> None:
    lines = ["", "return total(cart)", "def other():"]
    assert context.likest("    return total( cart )", lines) == 1.0
    assert 0.5 < context.likest("return total(basket)", lines) < 1.0
    assert context.likest("x", []) == 0.0


def test_every_kind_is_measured_with_the_same_budget(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    root.mkdir()
    for number in range(6):
        body = "\n".join(f"    total = add_price(cart, {step})" for step in range(20))
        (root / f"part{number}.py").write_text(f"from tax import add_price\n\n\ndef part{number}(cart):\n{body}\n")
    (root / "tax.py").write_text("def add_price(cart, price):\n    return cart + price\n")
    out = tmp_path / "context.json"
    words = ["context", str(root), "--cursors", "4", "--out", str(out), "--work", str(tmp_path / "work")]
    arguments: argparse.Namespace = command_line().parse_args([*words, "-o", "index.vectors=false"])
    arguments.run(arguments)
    written = json.loads(out.read_text(encoding="utf-8"))
    figures = written["summary"]["all"]
    assert list(figures) == list(context.KINDS)
    assert figures["vectors"]["slot_tokens"] == 0
    assert figures["served"]["likest_line"]["mean"] > figures["definitions"]["likest_line"]["mean"]
    assert figures["served"]["likest_line"]["n"] == 4
    assert all("text" not in row for row in written["results"])
