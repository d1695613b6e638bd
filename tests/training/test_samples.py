"""Training samples equal the prompts that serving renders, and rows are packed without loss."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from tokenizers import Tokenizer

from codeassist.documents import make_document
from codeassist.fim import TEMPLATES, Slot, path_line, prompt_ids, render_fim
from codeassist.models.directory import shipped_model
from codeassist.tokenizer import FileTokenizer
from codeassist.types import Cursor
from codeassist.window import Window, WindowBudget, cut_window
from training.batches import CONTEXT, MIDDLE, ROW, pack
from training.corpus import Corpus, build, newline_table, tokenise
from training.cursors import MAX_MIDDLE_LINES, Gap, choose_gap
from training.neighbours import Neighbours, skeleton
from training.samples import Sampler, function_around, special
from training.similar import STRETCH_LINES, similar_stretches, words_around
from training.tokenizer import BOS, EOS, FIM_BEGIN, FIM_END, FIM_HOLE

CART = '''class Cart:
    """What is bought."""

    def __init__(self, items: list[str]) -> None:
        self.items = items

    def total_price(self, rate: float) -> float:
        """Sum of all prices.

        In the shop's currency.
        """
        return sum(rate * price_of(item) for item in self.items)


def price_of(item: str) -> float:
    return len(item) * 1.5
'''
BILL = (
    """from shop.cart import Cart


def bill(cart: Cart) -> str:
    lines = [item.title() for item in cart.items]
    lines.append(f"total {cart.total_price(1.19)}")
    return "\\n".join(lines)


"""
    * 4
)


@pytest.fixture(scope="module")
def raw() -> Tokenizer:
    return Tokenizer.from_file(str(shipped_model() / "tokenizer.json"))


@pytest.fixture(scope="module")
def tokenizer() -> FileTokenizer:
    return FileTokenizer(shipped_model() / "tokenizer.json")


@pytest.fixture(scope="module")
def corpus(raw: Tokenizer) -> Corpus:
    files = {"shop/cart.py": CART, "shop/bill.py": BILL.rstrip("\n") + "\n", "web/api.ts": "export const x = 1;\n" * 8}
    records = [{"repo": "shop", "path": path, "text": text} for path, text in files.items()]
    return build(tokenise(records, raw), newline_table(raw))


def test_lines_of_a_file_are_slices_of_its_tokens(corpus: Corpus, raw: Tokenizer) -> None:
    for file in corpus.files:
        for number, line in enumerate(file.text[:-1].split("\n")):
            assert raw.decode(file.lines(number, number + 1).tolist()) == line + "\n"


def test_definitions_are_found_in_their_lines(corpus: Corpus) -> None:
    definitions = corpus.repositories[0].definitions
    for name in ("Cart", "total_price", "price_of", "bill"):
        for number, line in definitions[name]:
            assert name in corpus.files[number].text.split("\n")[line]


@pytest.mark.parametrize("seed", range(60))
def test_a_sample_is_what_serving_renders_with_the_answer_behind(
    corpus: Corpus, raw: Tokenizer, tokenizer: FileTokenizer, seed: int
) -> None:
    sampler, random = Sampler(corpus, raw, seed), Random(seed)
    number = random.randrange(len(corpus.files))
    file = corpus.files[number]
    lines = file.text[:-1].split("\n")
    gap = choose_gap(lines, random.choice([n for n, line in enumerate(lines) if line.strip()]), random)
    sample = sampler.fim(number, lines, gap)
    left = lines[gap.line][: gap.column]
    text = raw.decode(sample.ids.tolist(), skip_special_tokens=False)
    before, _, rest = text.removeprefix(BOS + FIM_BEGIN).partition(FIM_HOLE)
    suffix, _, tail = rest.partition(FIM_END)
    middle = tail.removesuffix(EOS).removeprefix(left)
    slot_text, _, above = before.rpartition(path_line(file.path))
    window = Window(
        path=file.path, language="", head_line=0, cursor_line=gap.line, end_line=0,
        above=(above,) if above else (), left=left, right=suffix, below=(),
    )  # fmt: skip
    prompt = prompt_ids(render_fim(TEMPLATES["deepseek"], window, (), len(left)), tokenizer)
    served = [*prompt[:2], *tokenizer.encode(slot_text), *prompt[2:]]
    answer = [*tokenizer.encode(left + middle), 1]
    assert sample.ids.tolist() == [*_without_left(served, left, tokenizer), *answer]
    assert sample.ids[sample.n_context :].tolist() == answer
    assert "".join(lines[n] + "\n" for n in range(gap.line)).endswith(above)
    original = "\n".join(lines) + "\n"
    assert (left + middle + suffix) in original or left + middle + suffix.removesuffix("\n") in original


def _without_left(ids: list[int], left: str, tokenizer: FileTokenizer) -> list[int]:
    n_left = len(tokenizer.encode(left))
    return ids[: len(ids) - n_left] if n_left else ids


@pytest.mark.parametrize("line", [4, 12, 30])
def test_a_whole_file_sample_equals_the_serving_pipeline(
    corpus: Corpus, raw: Tokenizer, tokenizer: FileTokenizer, line: int
) -> None:
    number = next(n for n, file in enumerate(corpus.files) if file.path == "shop/bill.py")
    file = corpus.files[number]
    lines = file.text[:-1].split("\n")
    column = len(lines[line]) - len(lines[line].lstrip()) + 2
    gap = Gap(line, column, line, len(lines[line]))
    gapped = "\n".join([*lines[:line], lines[line][:column], *lines[line + 1 :], ""])
    window = cut_window(make_document(file.path, gapped), Cursor(line, column), WindowBudget(5000, 5000), len)
    heal_at = tokenizer.heal_offset(window.left)
    served = prompt_ids(render_fim(TEMPLATES["deepseek"], window, (), heal_at), tokenizer)
    samples = (Sampler(corpus, raw, seed).fim(number, lines, gap).ids.tolist() for seed in range(400))
    assert any(ids[: len(served)] == list(served) for ids in samples)


def test_slots_are_spelled_as_serving_spells_them(corpus: Corpus, raw: Tokenizer) -> None:
    sampler = Sampler(corpus, raw, 3)
    number = next(n for n, file in enumerate(corpus.files) if file.path == "shop/bill.py")
    neighbours = Neighbours(corpus, sampler.encode, Random(5))
    seen = set()
    for _ in range(40):
        for slot in neighbours.slots(number, "cart.total_price(1.19)", "price_of", 400):
            text = raw.decode(slot.tolist())
            path, _, code = text.removeprefix("# ").removeprefix("// ").partition("\n")
            assert Slot(path, 1, 1, code, "").text == text
            seen.add(path)
    assert seen == {"shop/cart.py", "web/api.ts"}


def test_a_skeleton_keeps_signatures_and_no_bodies() -> None:
    shown = skeleton(CART.split("\n"))
    assert "def total_price(self, rate: float) -> float: ..." in shown
    assert '"""What is bought."""' in shown
    assert "return" not in shown
    assert "price_of(item: str)" not in shown


@pytest.mark.parametrize("seed", range(30))
def test_gaps_stay_inside_of_the_file(seed: int) -> None:
    lines = BILL.split("\n")
    for line in range(len(lines)):
        gap = choose_gap(lines, line, Random(seed * 1000 + line))
        assert line == gap.line <= gap.end_line < min(line + MAX_MIDDLE_LINES + 1, len(lines))
        assert 0 <= gap.column <= len(lines[line])
        assert gap.end_column <= len(lines[gap.end_line])
        assert gap.end_line > gap.line or gap.end_column >= gap.column


def test_a_function_stands_alone_with_the_imports_it_uses(corpus: Corpus, raw: Tokenizer) -> None:
    body = "def stem(path: str) -> str:\n    root = os.path.join(path)\n\n    return root\n"
    text = f"import os\nimport re\nX = 1\n\n\n{body}"
    rows = tokenise([{"repo": "shop", "path": "shop/deep/stem.py", "text": text + "\n\nY = 2\n"}], raw)
    built = build(rows, newline_table(raw))
    lines = built.files[0].text[:-1].split("\n")
    assert [function_around(lines, line) for line in (0, 2, 5, 9, 11)] == [None] * 5
    function = function_around(lines, 6)
    assert function
    assert (function.start, function.end, function.imports) == (5, 9, (0,))
    assert function == function_around(lines, 8)
    sample = Sampler(built, raw, 1).fim_alone(built.files[0], lines, Gap(6, 4, 6, len(lines[6])), function)
    assert raw.decode(sample.ids.tolist(), skip_special_tokens=False) == (
        f"{BOS}{FIM_BEGIN}# stem.py\nimport os\ndef stem(path: str) -> str:\n"
        f"{FIM_HOLE}\n\n    return root\n{FIM_END}    root = os.path.join(path){EOS}"
    )


def test_rows_are_filled_with_whole_samples(corpus: Corpus, raw: Tokenizer) -> None:
    rows = pack(Sampler(corpus, raw, 1), 3, Random(1))
    assert len(rows.tokens) == 3 * ROW
    starts = np.flatnonzero(rows.positions == 0)
    assert set(range(0, 3 * ROW, ROW)) <= set(starts.tolist())
    for start, end in zip(starts, [*starts[1:], 3 * ROW], strict=True):
        kinds = rows.kinds[start:end]
        assert rows.positions[start:end].tolist() == list(range(end - start))
        assert not kinds.any() or rows.tokens[start] == special(BOS)[0]
        assert (np.diff(kinds.astype(int)) >= 0).all()
    assert (rows.kinds == MIDDLE).any()
    assert (rows.kinds == CONTEXT).mean() > 0.5
    assert rows.bounds(4096)[-1] == 3 * ROW


def test_plain_text_puts_what_is_imported_before_what_imports_it(corpus: Corpus, raw: Tokenizer) -> None:
    bill = next(number for number, file in enumerate(corpus.files) if file.path == "shop/bill.py")
    cart = next(number for number, file in enumerate(corpus.files) if file.path == "shop/cart.py")
    order = Sampler(corpus, raw, 1)._in_dependency_order(bill, 4000)
    assert order.index(cart) < order.index(bill)


def test_no_language_and_no_repository_is_drawn_out_of_proportion(raw: Tokenizer) -> None:
    text = "value = compute(left, right)\n" * 20
    records = [{"repo": "large", "path": f"{number}.py", "text": text} for number in range(60)]
    records += [{"repo": f"small{number}", "path": f"{number}.py", "text": text} for number in range(60)]
    records += [{"repo": f"other{number}", "path": f"{number}.go", "text": text} for number in range(60)]
    built = build(tokenise(records, raw), newline_table(raw))
    shares = np.diff(built.weights, prepend=0.0)
    pairs = list(zip(shares, built.files, strict=True))
    go = sum(share for share, file in pairs if file.path.endswith(".go"))
    large = sum(share for share, file in pairs if built.repositories[file.repository].name == "large")
    assert 0.08 < go < 0.25  # a third of the text; 6 % is wanted beside Python's 62 %
    assert large < 0.1  # a third of the text as well


def test_cursors_stand_in_empty_columns_and_gaps_end_anywhere() -> None:
    lines = ["def f(value):", "    return value + 1", "", "def g(value):", "    return f(value) * 2"]
    random = Random(3)
    gaps = [choose_gap(lines, 1, random) for _ in range(400)]
    assert any(gap.column == 0 for gap in gaps)
    assert any(gap.end_line > gap.line and 0 < gap.end_column < len(lines[gap.end_line]) for gap in gaps)


def test_words_around_a_gap_are_not_those_in_it() -> None:
    lines = ["first_name = 1", "total = sum_of(second_name)", "third_name = 2"]
    gap = Gap(1, 8, 1, len(lines[1]))
    assert words_around(lines, gap) == ["total =", "first_name", "third_name", "total"]
    assert words_around(["x = 1", ""], Gap(1, 0, 1, 0)) == []


def test_stretches_that_share_most_come_first_and_nothing_comes_of_one_word(raw: Tokenizer) -> None:
    padding = "unlike = 0\n" * 60
    files = {
        "a.py": "alpha_one\nbravo_two\ncharlie_three\n",
        "b.py": f"{padding}alpha_one = 1\n",
        "c.py": f"{padding}alpha_one = bravo_two\n",
        "d.py": f"alpha_one = 1\n{padding}{padding}alpha_one = bravo_two\ncharlie_three\n",
    }
    records = [{"repo": "shop", "path": path, "text": text} for path, text in files.items()]
    built = build(tokenise(records, raw), newline_table(raw))
    found = similar_stretches(built, 0, ["alpha_one", "bravo_two", "charlie_three"], Random(1))
    assert [number for number, _ in found] == [3, 2]
    assert all(0 < place - line <= STRETCH_LINES for (_, line), place in zip(found, (121, 60), strict=True))


def test_similar_code_stands_last_and_what_is_named_before_it(corpus: Corpus, raw: Tokenizer) -> None:
    sampler = Sampler(corpus, raw, 3)
    numbers = {file.path: number for number, file in enumerate(corpus.files)}
    seen = set()
    for seed in range(40):
        neighbours = Neighbours(corpus, sampler.encode, Random(seed))
        slots = neighbours.similar(numbers["shop/bill.py"], [(numbers["web/api.ts"], 0)], "price_of", 400)
        texts = [raw.decode(slot.tolist()) for slot in slots]
        assert texts[-1].startswith("// web/api.ts\nexport")
        assert all(text.startswith("# shop/cart.py\ndef price_of") for text in texts[:-1])
        seen.add(len(texts))
        assert neighbours.similar(numbers["shop/bill.py"], [(numbers["web/api.ts"], 0)], "", 20) == []
    assert seen == {1, 2}
