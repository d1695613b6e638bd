"""Goldens of the prompt layout: rewrite them with UPDATE_GOLDENS=1, then read the diff."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from marked import window_of

from codeassist.errors import ConfigError
from codeassist.fim import TEMPLATES, Slot, break_specials, find_template, prompt_ids, prompt_text, render_fim
from codeassist.fim_templates import as_text, template_of
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


@pytest.mark.parametrize("name", TEMPLATES)
def test_what_a_text_spells_is_broken_up_in_every_template(name: str) -> None:
    template = TEMPLATES[name]
    hostile = "".join(f"x {spelling} {as_text(spelling)}\n" for spelling in template.specials)
    broken = break_specials(hostile, template)
    assert not [spelling for spelling in template.specials if as_text(spelling).strip() in broken]
    assert broken.replace(" ", "") == hostile.replace(" ", "")


def test_broken_specials_are_no_longer_spelled() -> None:
    template = TEMPLATES["deepseek"]
    assert break_specials(f"a{template.hole}b", template) == "a< ｜fim▁hole｜>b"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("codellama", "<PRE> # b.py\ndef f():\n <SUF>):\n <MID>  g("),
        ("codellama-suffix-first", "<PRE> <SUF>):\n <MID> # b.py\ndef f():\n  g("),
        ("codestral", "[SUFFIX]):\n[PREFIX]+++++ b.py\ndef f():\n  g("),
        ("starcoder2", "<repo_name>myproject\n<file_sep><fim_prefix>b.py\ndef f():\n<fim_suffix>):\n<fim_middle>  g("),
        ("seed-coder", "<[fim-suffix]>):\n<[fim-prefix]># b.py\ndef f():\n<[fim-middle]>  g("),
        ("granite", "<|fim_prefix|># b.py\ndef f():\n<|fim_suffix|>):\n<|fim_middle|>  g("),
    ],
)
def test_a_text_for_another_server_has_no_bos_and_blanks_where_the_family_has_them(name: str, expected: str) -> None:
    template = TEMPLATES[name]
    prompt = render_fim(template, window_of("def f():\n  g(‸):\n", "b.py"), (), heal_at=4)
    assert prompt_text(prompt, template) == expected


@pytest.mark.parametrize("name", TEMPLATES)
def test_without_path_and_slots_only_marks_and_code_are_there(name: str) -> None:
    template = TEMPLATES[name]
    prompt = render_fim(template, window_of("a\nb‸c\n", ""), (), heal_at=1)
    assert [part.text for part in prompt.parts if part.kind != "special"][-1] == "b"
    assert {part.text for part in prompt.parts if part.kind == "special"} == {
        mark for mark in (template.bos, template.begin, template.hole, template.end) if mark
    }


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_cursors_line_stands_last(name: str) -> None:
    prompt = render_fim(TEMPLATES[name], window_of(SOURCE, "shop/bill.py"), SLOTS, heal_at=10)
    assert prompt.parts[-1].kind == "left"


QWEN = {"<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"}
STARCODER = {"<fim_prefix>", "<fim_suffix>", "<fim_middle>"}
DEEPSEEK = {"<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"}
CODELLAMA = {"▁<PRE>", "▁<SUF>", "▁<MID>", "<s>"}


@pytest.mark.parametrize(
    ("tokens", "model_type", "expected"),
    [
        ({*DEEPSEEK, "<｜begin▁of▁sentence｜>"}, "deepseek_v2", "deepseek"),
        ({*DEEPSEEK, "<｜begin▁of▁sentence｜>"}, "llama", "deepseek"),
        (DEEPSEEK, "deepseek_v3", "deepseek"),  # without its BOS, which the check at load tells of
        ({*QWEN, "<|file_sep|>", "<|repo_name|>"}, "qwen2", "qwen2.5-coder"),
        ({*QWEN, "<|file_sep|>", "<|repo_name|>"}, "qwen9", "qwen2.5-coder"),
        ({*QWEN, "<|file_sep|>", "<|repo_name|>", "<bos>"}, "gemma", "codegemma"),
        ({*QWEN, "<bos>", "<|file_separator|>"}, "gemma", "codegemma"),
        ({*QWEN, "<|filename|>", "<|reponame|>"}, "granitemoehybrid", "granite"),
        (QWEN, "qwen2", "granite"),  # its marks without those of files
        ({*STARCODER, "<file_sep>", "<repo_name>"}, "starcoder2", "starcoder2"),
        ({*STARCODER, "<filename>"}, "llama", "granite-code"),
        ({*STARCODER, "<filename>"}, "gpt_bigcode", "granite-code"),
        (CODELLAMA, "llama", "codellama"),
        ({"[PREFIX]", "[SUFFIX]", "[MIDDLE]", "<s>"}, "mistral", "codestral"),
        ({"<[fim-prefix]>", "<[fim-suffix]>", "<[fim-middle]>", "<[begin▁of▁sentence]>"}, "llama", "seed-coder"),
        ({*CODELLAMA, *DEEPSEEK, "<｜begin▁of▁sentence｜>"}, "deepseek_v2", "deepseek"),
        ({"<s>", "</s>", "[INST]"}, "llama", None),
        (QWEN - {"<|fim_middle|>"}, "qwen2", None),
    ],
)
def test_the_template_is_the_one_whose_tokens_are_there(
    tokens: set[str], model_type: str, expected: str | None
) -> None:
    found = template_of(tokens, model_type)
    assert (found.name if found else None) == expected


def test_a_path_with_control_characters_stays_one_line() -> None:
    assert Slot("a\nb\x00.py", 1, 1, "x", "").text == "# ab.py\nx\n\n"


def test_an_unknown_template_names_those_there_are() -> None:
    with pytest.raises(ConfigError, match=", ".join(sorted(TEMPLATES))):
        find_template("gpt")
