"""What holds for the tokenizers of all models: parts are text and nothing else, and healing crosses no token."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marked import window_of
from small_tokenizers import KINDS, LINES, write_tokenizer

from codeassist.engine.text_prompts import TextPrompts
from codeassist.engine.vocabulary import Vocabulary, read_vocabulary
from codeassist.fim import TEMPLATES, Slot, Template, prompt_ids, prompt_text, render_fim
from codeassist.tokenizer import FileTokenizer
from codeassist.window import Window

# The kind of tokenizer that each family has.
_KIND_OF = {
    "codellama": "llama",
    "codellama-suffix-first": "llama",
    "codestral": "mistral",
    "codegemma": "gemma",
}
_SLOTS = (
    Slot("shop/cart.py", 3, 9, "class Cart:\n    x = 1\n", ""),
    Slot("web/api.ts", 1, 1, "export const x = 1;", ""),
)
_MARKS = tuple(dict.fromkeys(mark for template in TEMPLATES.values() for mark in template.specials))

# Lines of code, pieces of them, and whatever else there is; SentencePiece cannot tell its own sign from a blank.
_LINES = st.one_of(
    st.sampled_from(LINES),
    st.lists(st.sampled_from(LINES).flatmap(lambda line: st.sampled_from([line[:5], line[-7:], line[3:9]]))).map(
        "".join
    ),
    st.text(st.characters(blacklist_characters="▁\n\r", blacklist_categories=("Cs",)), max_size=40),
    st.text(" \t()[]=.,:'\"_abself1é😀", max_size=30),
)

# A busy machine is no fault.
_patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module", params=KINDS)
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    kind = str(request.param)
    marks = [mark for mark in _MARKS if kind == "llama" or not mark.startswith("▁")]
    return write_tokenizer(tmp_path_factory.mktemp(kind) / "tokenizer.json", kind, marks)


@pytest.fixture(scope="module")
def kind(file: Path) -> FileTokenizer:
    return FileTokenizer(file)


@pytest.fixture(scope="module")
def vocabulary(file: Path) -> Vocabulary:
    return read_vocabulary(file)


@_patient
@given(st.lists(_LINES, max_size=5))
def test_the_tokens_of_all_parts_are_the_text(kind: FileTokenizer, vocabulary: Vocabulary, parts: list[str]) -> None:
    ids = [token for part in parts for token in kind.encode(part)]
    assert kind.decode(ids) == "".join(parts)
    assert b"".join(map(vocabulary.spelling, ids)) == "".join(parts).encode()


@_patient
@given(_LINES, _LINES, st.integers(0, 100))
def test_no_token_lies_across_where_a_text_is_healed(kind: FileTokenizer, line: str, rest: str, length: int) -> None:
    left = line[:length]
    at = kind.heal_offset(left)
    assert 0 <= at < len(left) or not left
    for going_on in (rest, line[length:], rest[:1]):
        head = kind.encode(left[:at])
        assert kind.encode(left + going_on)[: len(head)] == head


@_patient
@given(st.sampled_from(LINES), st.integers(0, 60))
def test_a_half_line_may_go_on_in_the_models_own_tokens(
    kind: FileTokenizer, vocabulary: Vocabulary, line: str, length: int
) -> None:
    left = line[:length]
    at = kind.heal_offset(left)
    rest = left[at:].encode()
    assert vocabulary.can_spell(rest)
    for token in kind.encode(line)[len(kind.encode(left[:at])) :]:
        if rest:
            assert token in vocabulary.allowed(rest)
        rest = vocabulary.after(rest, token)
    assert not rest


@pytest.mark.parametrize("mark", _MARKS)
def test_no_text_gets_a_mark_though_it_spells_one(kind: FileTokenizer, vocabulary: Vocabulary, mark: str) -> None:
    for text in (mark, f"a{mark}b", f"x = ' {mark.lstrip('▁')} '", mark.replace("▁", " ")):
        ids = kind.encode(text)
        assert not {*ids} & {*vocabulary.specials.values()}
        assert kind.decode(ids).replace("▁", " ") == text.replace("▁", " ")


def test_marks_spell_nothing_and_end_texts(file: Path, kind: FileTokenizer, vocabulary: Vocabulary) -> None:
    for mark in ("<|file_sep|>", "</s>", "<fim_pad>"):
        assert vocabulary.specials[mark] == kind.special(mark)
        assert vocabulary.spelling(kind.special(mark)) == b""


@pytest.mark.parametrize("name", TEMPLATES)
def test_each_mark_is_in_a_prompt_once_and_bos_first(tmp_path: Path, name: str) -> None:
    template = TEMPLATES[name]
    tokenizer = FileTokenizer(tokenizer_of(template, tmp_path))
    prompt = render_fim(template, hostile(template), _SLOTS, heal_at=4)
    ids = prompt_ids(prompt, tokenizer)
    assert_marked_once(template, ids, tokenizer)
    assert tokenizer.decode(ids).replace("▁", " ") == "".join(part.text for part in prompt.parts).replace("▁", " ")


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_prompt_that_goes_as_text_has_the_same_marks(tmp_path: Path, name: str) -> None:
    template = TEMPLATES[name]
    file = tokenizer_of(template, tmp_path)
    text = prompt_text(render_fim(template, hostile(template), _SLOTS, heal_at=4), template)
    assert_marked_once(template, TextPrompts(file).encode(text), FileTokenizer(file))


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_keystroke_changes_only_the_end_of_a_prompt(tmp_path: Path, name: str) -> None:
    template = TEMPLATES[name]
    tokenizer = FileTokenizer(tokenizer_of(template, tmp_path))
    typed = ("import os\nx = val‸\nprint(1)\n", "import os\nx = value_2 + se‸\nprint(1)\n")
    windows = [window_of(text, "shop/bill.py") for text in typed]
    before, after = (
        prompt_ids(render_fim(template, window, _SLOTS, tokenizer.heal_offset(window.left)), tokenizer)
        for window in windows
    )
    assert after[: len(before)] == before


def tokenizer_of(template: Template, folder: Path) -> Path:
    kind = _KIND_OF.get(template.name, "byte-level")
    return write_tokenizer(folder / "tokenizer.json", kind, template.specials, template.bos)


def hostile(template: Template) -> Window:
    """A window whose code spells every mark."""
    spelt = " ".join(template.specials)
    return window_of(f"a = '{spelt}'\nb = ‸ '{spelt}'\n{spelt}\n", f"{template.begin}.py")


def assert_marked_once(template: Template, ids: tuple[int, ...], tokenizer: FileTokenizer) -> None:
    for mark in (template.begin, template.hole, template.end):
        assert not mark or ids.count(tokenizer.special(mark)) == 1
    if template.file:
        assert ids.count(tokenizer.special(template.file)) == len(_SLOTS) + 1
    if template.bos:
        assert ids.count(tokenizer.special(template.bos)) == 1
        assert ids[0] == tokenizer.special(template.bos)
