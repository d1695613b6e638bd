"""Token budgets hold to the token, with the shipped model's tokenizer, all over real files."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

import pytest
from small_tokenizers import write_tokenizer

from codeassist.documents import make_document
from codeassist.fim import TEMPLATES
from codeassist.models.directory import shipped_model
from codeassist.pipeline import Budgets, Pipeline
from codeassist.tokenizer import FileTokenizer
from codeassist.types import Cursor
from indexer.types import Hit, Query

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


class Plenty:
    """A Retriever that always has more."""

    def search(self, query: Query, limit: int) -> list[Hit]:
        text = "\n".join(f"value_{number} = compute({number})" for number in range(20))
        return [Hit(f"lib/part{number}.py", 1, 20, 1.0, text, "lexical", "similar") for number in range(limit)]

    def versions(self, paths: Iterable[str]) -> dict[str, str]:
        return dict.fromkeys(paths, "1")


@pytest.mark.parametrize(("n_lines", "least"), [(3, 1200), (60, 900), (400, 700)])
def test_slots_get_what_a_short_file_leaves_and_take_it_from_nobody(n_lines: int, least: int) -> None:
    tokenizer = FileTokenizer(shipped_model() / "tokenizer.json")
    pipeline = Pipeline(tokenizer, TEMPLATES["deepseek"], Plenty(), 10_000, heals=True)
    budgets = Budgets.split(1800, 0.45, 0.2)
    for extra in range(40):
        text = "\n".join(f"name{number} = {number}" for number in range(n_lines + extra)) + "\n"
        prepared = pipeline.prepare(make_document("app.py", text), Cursor(n_lines + extra, 0), budgets)
        assert least <= prepared.used["slot"] <= prepared.slot_room
        assert len(prepared.ids) <= 1800
    pipeline.close()


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_marks_of_every_template_have_their_room(tmp_path: Path, name: str) -> None:
    template = TEMPLATES[name]
    kind = "llama" if template.begin.startswith("▁") else "byte-level"
    tokenizer = FileTokenizer(write_tokenizer(tmp_path / "tokenizer.json", kind, template.specials))
    pipeline = Pipeline(tokenizer, template, Plenty(), 10_000, heals=True)
    for n_lines in range(0, 200, 7):
        text = "\n".join(f"name{number} = {number}" for number in range(n_lines)) + "\n"
        prepared = pipeline.prepare(make_document("app.py", text), Cursor(n_lines, 0), Budgets.split(1800, 0.45, 0.2))
        assert prepared.sources
        assert len(prepared.ids) <= 1800
    pipeline.close()
