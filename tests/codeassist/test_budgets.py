"""Token budgets hold to the token, with the shipped model's tokenizer, all over real files."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from codeassist.documents import make_document
from codeassist.fim import TEMPLATES
from codeassist.models.directory import shipped_model
from codeassist.pipeline import Budgets, Pipeline
from codeassist.tokenizer import FileTokenizer
from codeassist.types import Cursor

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "indexer").glob("*.py"))


@pytest.mark.parametrize("total", [120, 400, 1800])
def test_no_part_of_a_prompt_exceeds_its_budget(total: int) -> None:
    chooser = random.Random(total)
    pipeline = Pipeline(FileTokenizer(shipped_model() / "tokenizer.json"), TEMPLATES["deepseek"], None, 50, heals=True)
    budgets = Budgets.split(total, 0.45, 0.2)
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        lines = text.split("\n")
        for line in chooser.sample(range(len(lines)), min(4, len(lines))):
            cursor = Cursor(line, chooser.randint(0, len(lines[line])))
            prepared = pipeline.prepare(make_document(f"indexer/{path.name}", text), cursor, budgets)
            assert prepared.used["suffix"] <= budgets.suffix, (path.name, cursor)
            assert len(prepared.ids) <= total, (path.name, cursor)
    pipeline.close()
