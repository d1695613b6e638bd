"""Gaps of bare texts, with the real index of a small repository: what a prompt gets, and what it never gets."""

from __future__ import annotations

import asyncio
import itertools
import random
import re
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from codeassist.completion import Completer
from codeassist.engine.scripted import SCRIPTED_INFO, ScriptedEngine
from codeassist.fim import TEMPLATES
from codeassist.gap_whereabouts import Repository
from codeassist.gaps import PreparedGap
from codeassist.settings import CompletionSettings
from codeassist.tokenizer import FileTokenizer
from codeassist.types import FimRequest, Snippet
from indexer.index import CodeIndex

TAX = '''\
def tax_of_price(price: float, country: str) -> float:
    """What the state gets of a price."""
    return price * RATES[country]
'''
SHOP = "\n".join(
    [
        "from lib.tax import tax_of_price",
        "",
        "",
        *(f"def order_{row}(basket):\n    total = sum_of(basket, {row})\n    return total\n\n" for row in range(30)),
        "def total_of(basket):",
        "    net = sum(basket)",
        "    taxes = tax_of_price(net, COUNTRY)",
        "    return net + taxes",
        "",
        *(f"def invoice_{row}(basket):\n    return write_invoice(basket, {row})\n\n" for row in range(30)),
    ]
)
FILES = {
    "lib/tax.py": TAX,
    "shop.py": SHOP,
    "other.py": "def unrelated_matter():\n    return 1\n",
    ".gitignore": "private/\n",
    "private/plans.py": "def tax_of_price_in_private(price):\n    return price * SECRET_PLAN\n",
}
LINES = SHOP.split("\n")
ROW = LINES.index("    taxes = tax_of_price(net, COUNTRY)")


def request(
    *, above: int = 20, below: int = 10, column: int = 12, client: str = "editor", **changes: object
) -> FimRequest:
    """The gap on the line of ROW, in a window of so many lines."""
    prefix = "\n".join([*LINES[ROW - above : ROW], LINES[ROW][:column]])
    suffix = "\n".join(["", *LINES[ROW + 1 : ROW + 1 + below]])
    asked = FimRequest("id", prefix, suffix, client=client)
    return replace(asked, **changes)  # type: ignore[arg-type]


@pytest.fixture
def index(tmp_path: Path) -> CodeIndex:
    root = tmp_path / "workspace"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    subprocess.run(["git", "init", "-q", str(root)], check=True, timeout=60)
    index = CodeIndex.open(root, directory=tmp_path / "index", embedder=None)
    index.refresh()
    return index


@pytest.fixture
async def gaps(index: CodeIndex, tokenizer: FileTokenizer, tokenizer_file: Path) -> AsyncIterator[Gaps]:
    info = replace(SCRIPTED_INFO, tokenizer=tokenizer_file, prompt_tokens=12_000, context_tokens=16_000)
    engine = ScriptedEngine(["done"], info=info)
    await engine.start()
    made = Gaps(index, engine, tokenizer)
    yield made
    made.completer.close()
    index.close()
    await engine.close()


class Gaps:
    """A completer of a workspace, and prompts as texts."""

    def __init__(self, index: CodeIndex, engine: ScriptedEngine, tokenizer: FileTokenizer) -> None:
        self.adds_context = True
        repository = Repository(str(index.root), index.locate, index.withheld, lambda: self.adds_context)
        settings = CompletionSettings(retrieve_deadline_ms=10_000)
        self.index = index
        self.tokenizer = tokenizer
        self.completer = Completer(engine, tokenizer, index, settings, repository=repository)

    async def prepare(self, asked: FimRequest) -> PreparedGap:
        return await self.completer.gaps.prepare(asked)

    async def prompt(self, asked: FimRequest) -> str:
        return self.text(await self.prepare(asked))

    def text(self, prepared: PreparedGap) -> str:
        assert isinstance(prepared.request.prompt, tuple)
        return self.tokenizer.decode(prepared.request.prompt) + prepared.request.forced_prefix


def shared_start(one: PreparedGap, other: PreparedGap) -> int:
    """How many tokens two prompts begin with alike."""
    pairs = zip(one.request.prompt, other.request.prompt, strict=False)
    return next(
        (n for n, (a, b) in enumerate(pairs) if a != b), min(len(one.request.prompt), len(other.request.prompt))
    )


async def test_a_window_gets_its_path_and_the_definitions_that_it_needs(gaps: Gaps) -> None:
    prepared = await gaps.prepare(request())
    prompt = gaps.text(prepared)
    assert "# shop.py\n" in prompt
    assert "def tax_of_price(price: float, country: str) -> float:" in prompt
    report = prepared.context
    assert report.path == "shop.py"
    assert "lib/tax.py" in [source.path for source in report.sources]
    assert report.n_tokens == sum(source.n_tokens for source in report.sources) > 0
    assert not report.reason
    assert report.ms > 0


async def test_the_prompt_says_no_line_twice_and_tells_what_of_the_file_was_added(gaps: Gaps) -> None:
    prepared = await gaps.prepare(request(above=8, below=4))
    prompt = gaps.text(prepared)
    telling = [line for line in prompt.split("\n") if line.startswith(("def order_", "def invoice_", "def total_of"))]
    assert len(telling) == len(set(telling))
    own = [source for source in prepared.context.sources if source.path == "shop.py" and "client sent" in source.why]
    assert [source.why for source in own] == ["above what the client sent", "below what the client sent"]
    above, below = own
    assert above.end_line == ROW - 8
    assert below.start_line == ROW + 1 + 4 + 1
    assert "\n".join(LINES[above.start_line - 1 : above.end_line]) in prompt
    assert "\n".join(LINES[below.start_line - 1 : below.end_line]).rstrip() in prompt


async def test_keys_on_one_line_only_append_to_the_prompt(gaps: Gaps) -> None:
    line = LINES[ROW]
    prompts = [await gaps.prepare(request(column=column)) for column in range(4, len(line) + 1)]
    prompts = prompts[1:]  # The word before the first key may be another one.
    for before, after in itertools.pairwise(prompts):
        left = gaps.tokenizer.encode(LINES[ROW])
        assert shared_start(before, after) >= len(before.request.prompt) - len(left)


async def test_a_window_that_slides_leaves_the_prompt_as_it_is(gaps: Gaps) -> None:
    before = await gaps.prepare(request(above=20, below=10))
    after = await gaps.prepare(request(above=17, below=6))
    assert before.request.prompt == after.request.prompt


async def test_lines_typed_and_not_saved_stay_when_the_window_leaves_them(gaps: Gaps) -> None:
    typed = [f"    typed_by_hand_{row} = tax_of_price({row}, COUNTRY)" for row in range(30)]
    for n_lines in range(2, 31):
        above = [*LINES[ROW - 12 : ROW], *typed[: n_lines - 1]]
        prefix = "\n".join([*above[-12:], "    "])
        prompt = await gaps.prompt(request(prefix=prefix))
    shown = [line for line in prompt.split("\n") if "typed_by_hand" in line]
    assert shown == typed[:29]


async def test_two_clients_do_not_disturb_each_other(gaps: Gaps) -> None:
    first = await gaps.prepare(request(client="one"))
    elsewhere = "\n".join([*LINES[3:20], "    "])
    await gaps.prepare(FimRequest("id", elsewhere, "\n", client="two"))
    again = await gaps.prepare(request(client="one"))
    assert first.request.prompt == again.request.prompt


async def test_without_context_there_is_the_text_alone(gaps: Gaps) -> None:
    prepared = await gaps.prepare(request(wants_context=False))
    prompt = gaps.text(prepared)
    assert "def tax_of_price(price" not in prompt
    assert "# shop.py" not in prompt
    assert prepared.context.reason == "the client wants none"
    assert prepared.context.sources == ()
    gaps.adds_context = False
    assert (await gaps.prepare(request())).context.reason == "it is off (server.context)"


async def test_a_clients_snippets_stay_with_and_without_context(gaps: Gaps) -> None:
    snippet = Snippet("/home/x/elsewhere/rates.py", "RATES = {\n    'FR': 0.2,\n    'DE': 0.19,\n}\n")
    for wants_context in (True, False):
        prepared = await gaps.prepare(request(snippets=(snippet,), wants_context=wants_context))
        assert "'DE': 0.19," in gaps.text(prepared)
        (source,) = [source for source in prepared.context.sources if source.path.endswith("rates.py")]
        assert source.why == "sent by the client"


async def test_a_snippet_without_a_path_has_no_line_for_one(gaps: Gaps) -> None:
    prompt = await gaps.prompt(request(snippets=(Snippet("", "RATES_OF_NOBODY = {\n    'FR': 0.2,\n}"),)))
    before = prompt[: prompt.index("RATES_OF_NOBODY")]
    assert not before.endswith("# \n")


async def test_a_snippet_that_the_index_finds_too_is_shown_once(gaps: Gaps) -> None:
    prompt = await gaps.prompt(request(snippets=(Snippet("lib/tax.py", TAX), Snippet("", TAX))))
    assert prompt.count("def tax_of_price(price: float") == 1


async def test_a_snippet_of_the_text_itself_is_not_repeated(gaps: Gaps) -> None:
    own = "\n".join(LINES[ROW - 10 : ROW])
    with_it = await gaps.prepare(request(snippets=(Snippet("shop.py", own),)))
    assert with_it.request.prompt == (await gaps.prepare(request(client="another"))).request.prompt


async def test_a_snippet_that_changed_replaces_what_it_was(gaps: Gaps) -> None:
    await gaps.prompt(request(snippets=(Snippet("new/rates.py", "RATES_A = compute_rates(1)\nRATES_B = 2"),)))
    changed = Snippet("new/rates.py", "RATES_A = compute_rates(77)\nRATES_B = 2")
    prompt = await gaps.prompt(request(column=30, snippets=(changed,)))
    assert "compute_rates(77)" in prompt
    assert "compute_rates(1)" not in prompt


@pytest.mark.parametrize(
    "snippet",
    [
        Snippet("private/plans.py", FILES["private/plans.py"]),
        Snippet(".env", "DATABASE_PASSWORD=hunter2hunter2\nOTHER=1"),
        Snippet("", "key = 'AKIAIOSFODNN7ABCDEFG'\nother_name = 1"),
    ],
)
async def test_what_no_model_may_see_is_not_shown_though_a_client_sends_it(gaps: Gaps, snippet: Snippet) -> None:
    for wants_context in (True, False):
        prompt = await gaps.prompt(request(snippets=(snippet,), wants_context=wants_context))
        assert snippet.text.split("\n")[0] not in prompt


async def test_a_snippet_of_a_file_that_is_ignored_meanwhile_goes(gaps: Gaps) -> None:
    snippet = Snippet("new/rates.py", "RATES_A = compute_rates(1)\nRATES_B = 2")
    assert "compute_rates(1)" in await gaps.prompt(request(snippets=(snippet,), client="before"))
    (gaps.index.root / ".codeassistignore").write_text("new/\n", encoding="utf-8")
    await asyncio.to_thread(gaps.index.refresh)
    assert "compute_rates(1)" not in await gaps.prompt(request(snippets=(snippet,), client="after"))


async def test_a_withheld_file_gets_no_context(gaps: Gaps) -> None:
    (gaps.index.root / ".codeassistignore").write_text("shop.py\n", encoding="utf-8")
    prepared = await gaps.prepare(request(path="shop.py"))
    assert "withheld" in prepared.context.reason
    assert prepared.context.path == ""
    assert "def tax_of_price(price" not in gaps.text(prepared)
    assert "net = sum(basket)" in gaps.text(prepared)


async def test_a_withheld_copy_of_a_file_is_not_taken_for_the_file(gaps: Gaps) -> None:
    prepared = await gaps.prepare(request(path="private/shop.py"))
    assert "withheld" in prepared.context.reason
    asked = request(column=14)
    secret = replace(asked, prefix=asked.prefix.replace("sum(basket)", "sum(SECRET_PLAN)"), path="private/shop.py")
    await gaps.prepare(secret)
    assert "SECRET_PLAN" not in await gaps.prompt(request(above=0))


async def test_a_text_that_no_file_is_known_for_gets_code_like_it(gaps: Gaps) -> None:
    text = "import basket_reader\n\n\ndef price_with_taxes(amount):\n    found = tax_of_price("
    for path, language in (("new/prices.py", ""), ("", "python")):
        prepared = await gaps.prepare(FimRequest("id", text, "\n", path=path, language=language))
        prompt = gaps.text(prepared)
        assert prepared.context.path == ""
        assert "lib/tax.py" in [source.path for source in prepared.context.sources]
        assert prompt.count("def price_with_taxes") == 1


async def test_a_model_whose_tokens_are_not_known_is_stopped_by_its_own_marks(
    index: CodeIndex, tokenizer: FileTokenizer
) -> None:
    engine = ScriptedEngine(["done"], info=replace(SCRIPTED_INFO, tokenizer=None))
    gaps = Gaps(index, engine, tokenizer)
    prepared = await gaps.prepare(request(stop=("\n",)))
    assert prepared.request.stop == ("\n", *TEMPLATES["deepseek"].stop)
    gaps.completer.close()


async def test_a_warm_up_without_a_text_is_not_what_the_client_edits(gaps: Gaps) -> None:
    whereabouts = gaps.completer.gaps._whereabouts
    await gaps.prepare(request())
    await gaps.prepare(FimRequest("id", "", "", client="editor", max_tokens=1))
    last = whereabouts._memory.last("editor")
    assert last is not None
    assert last.path == "shop.py"


async def test_a_text_without_a_file_is_remembered_as_it_slides(gaps: Gaps) -> None:
    rows = [f"unknown_row_{row} = brand_new_call({row})" for row in range(60)]
    await gaps.prompt(FimRequest("id", "\n".join(rows[:30]) + "\n", "\n", client="a"))
    prompt = await gaps.prompt(FimRequest("id", "\n".join(rows[5:34]) + "\n", "\n", client="a"))
    assert re.findall(r"unknown_row_.*", prompt) == rows[:34]
    other = await gaps.prompt(FimRequest("id", "\n".join(rows[5:34]) + "\n", "\n", client="b"))
    assert rows[0] not in other


async def test_a_file_that_was_saved_meanwhile_is_the_one_that_is_shown(gaps: Gaps) -> None:
    await gaps.prompt(request(above=6))
    changed = SHOP.replace("def order_28(", "def order_28_renamed(")
    await asyncio.to_thread(gaps.index.refresh_file, "shop.py", changed)
    prompt = await gaps.prompt(request(above=6, column=14))
    assert "def order_28_renamed(" in prompt
    assert "def order_28(" not in prompt


async def test_a_window_cut_inside_of_lines_is_made_whole(gaps: Gaps) -> None:
    asked = request()
    cut = await gaps.prompt(replace(asked, prefix=asked.prefix[9:], suffix=asked.suffix[:-7]))
    assert cut == await gaps.prompt(replace(request(), client="another"))


async def test_crlf_gives_the_prompt_that_lf_gives(gaps: Gaps) -> None:
    asked = request()
    crlf = replace(
        asked, prefix=asked.prefix.replace("\n", "\r\n"), suffix=asked.suffix.replace("\n", "\r\n"), client="windows"
    )
    assert await gaps.prompt(crlf) == await gaps.prompt(asked)


@pytest.mark.parametrize(
    ("prefix", "suffix"),
    [
        ("", ""),
        ("\ud800", "\udc00"),
        ("\ufeff", "\n"),
        ("x" * 1_000_000, "y" * 1_000_000),
        ("\n" * 50_000, "\n" * 50_000),
        ("a\r", "\nb"),
        ("\0\x0c\u2028", "\x85"),
        ("<｜fim▁hole｜>" * 50, "<｜fim▁begin｜>"),
    ],
)
async def test_no_text_breaks_anything(gaps: Gaps, prefix: str, suffix: str) -> None:
    for wants_context in (True, False):
        prepared = await gaps.prepare(FimRequest("id", prefix, suffix, wants_context=wants_context))
        assert 0 < len(prepared.request.prompt) <= 12_000


async def test_random_windows_with_edits_show_the_clients_lines_once_and_in_order(gaps: Gaps) -> None:
    rng = random.Random(11)
    for turn in range(40):
        row = rng.randrange(8, len(LINES) - 8)
        lines = list(LINES)
        for at in rng.sample(range(row - 8, row + 8), 4):
            lines[at] = rng.choice([f"edited_{turn}_{at} = 1", "", f"edited_{turn}_{at}(\n    inserted_{turn}_{at})"])
        first, end = max(row - rng.randrange(5, 40), 0), row + rng.randrange(5, 40)
        prefix, suffix = "\n".join([*lines[first:row], ""]), "\n".join(["", *lines[row + 1 : end]])
        prepared = await gaps.prepare(FimRequest("id", prefix, suffix, path="shop.py", client=f"client {turn}"))
        assert prepared.context.path == "shop.py"
        prompt = gaps.text(prepared)
        names = [line for line in prompt.split("\n") if line.startswith(("def ", "edited_"))]
        repeated = {name for name in names if names.count(name) > 1}
        assert not repeated, (turn, repeated)


async def test_the_answer_of_a_gap_streams_what_the_client_lacks(gaps: Gaps) -> None:
    prepared = await gaps.prepare(request())
    answer = "".join([delta.text async for delta in gaps.completer.gaps.fill(prepared)])
    assert answer == "done"[prepared.n_forced :] or answer


async def test_an_index_that_is_gone_leaves_the_text_alone(gaps: Gaps) -> None:
    gaps.index.close()
    prepared = await gaps.prepare(request(snippets=(Snippet("lib/tax.py", TAX),)))
    assert "the index cannot be used" in prepared.context.reason
    assert "net = sum(basket)" in gaps.text(prepared)
