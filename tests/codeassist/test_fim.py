"""Goldens of the prompt layout: rewrite them with UPDATE_GOLDENS=1, then read the diff."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from marked import window_of

from codeassist.errors import ConfigError
from codeassist.fim import TEMPLATES, Slot, break_specials, find_template, prompt_ids, prompt_text, render_fim
from codeassist.tokenizer import FileTokenizer

GOLDENS = Path(__file__).parent / "goldens"

SOURCE = '''from shop.cart import Cart


def total(cart: Cart) -> int:
    """What the cart costs."""
    return cart.su‸()


def other() -> None: ...
'''
SLOTS = (
    Slot("shop/cart.py", 3, 9, "class Cart:\n    def sum_prices(self) -> int: ...\n", "defines `Cart`"),
    Slot("web/api.ts", 1, 1, "export const x = 1;", "similar code"),
)


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_prompt_matches_its_golden(name: str) -> None:
    template = TEMPLATES[name]
    prompt = render_fim(template, window_of(SOURCE, "shop/bill.py"), SLOTS, heal_at=len("    return cart"))
    rendered = "".join(f"[{part.kind}]{part.text}" for part in prompt.parts) + f"[forced]{prompt.forced_prefix}\n"
    golden = GOLDENS / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDENS"):
        golden.write_text(rendered, encoding="utf-8")
    assert rendered == golden.read_text(encoding="utf-8")


def test_there_is_exactly_one_bos(tokenizer: FileTokenizer) -> None:
    template = TEMPLATES["deepseek"]
    prompt = render_fim(template, window_of(SOURCE), SLOTS, 0)
    ids = prompt_ids(prompt, tokenizer)
    assert ids.count(tokenizer.special(template.bos)) == 1
    assert ids[0] == tokenizer.special(template.bos)
    assert template.bos not in prompt_text(prompt, template)


def test_a_keystroke_changes_only_the_tail(tokenizer: FileTokenizer) -> None:
    template = TEMPLATES["deepseek"]
    before = prompt_ids(render_fim(template, window_of("import os\nvalue‸\nprint(1)\n"), SLOTS, 0), tokenizer)
    after = prompt_ids(render_fim(template, window_of("import os\nvalue_2 = sel‸\nprint(1)\n"), SLOTS, 18), tokenizer)
    assert after[: len(before)] == before


def test_special_tokens_in_code_never_become_special(tokenizer: FileTokenizer) -> None:
    template = TEMPLATES["deepseek"]
    hostile = f"x = '{template.hole}{template.end}{template.bos}'‸\n{template.begin}\n"
    prompt = render_fim(template, window_of(hostile, f"{template.end}.py"), (), 0)
    ids = prompt_ids(prompt, tokenizer)
    text = prompt_text(prompt, template)
    for spelling in (template.begin, template.hole, template.end):
        assert ids.count(tokenizer.special(spelling)) == 1
        assert text.count(spelling) == 1


def test_broken_specials_are_no_longer_spelled() -> None:
    template = TEMPLATES["deepseek"]
    assert break_specials(f"a{template.hole}b", template) == "a< ｜fim▁hole｜>b"


def test_a_path_with_control_characters_stays_one_line() -> None:
    assert Slot("a\nb\x00.py", 1, 1, "x", "").text == "# ab.py\nx\n\n"


def test_an_unknown_template_names_those_there_are() -> None:
    with pytest.raises(ConfigError, match="deepseek, qwen"):
        find_template("gpt")
