from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from marked import marked

from codeassist.completion import Completer
from codeassist.engine.scripted import SCRIPTED_INFO, Answer, ScriptedEngine
from codeassist.errors import CursorError, ModelError
from codeassist.settings import CompletionSettings
from codeassist.tokenizer import FileTokenizer
from codeassist.types import Cursor, Delta, FimRequest, GenerationRequest, ModelInfo, Suggestion
from indexer.types import Hit, Query


class ListRetriever:
    """Gives the same hits to every query, when it is let."""

    def __init__(self, hits: list[Hit]) -> None:
        self.hits = hits
        self.open = threading.Event()
        self.open.set()
        self.queries: list[Query] = []
        self.stored: dict[str, str] = {hit.path: "1" for hit in hits}

    def search(self, query: Query, limit: int) -> list[Hit]:
        self.queries.append(query)
        self.open.wait(10)
        return self.hits[:limit]

    def versions(self, paths: Iterable[str]) -> dict[str, str]:
        return {path: self.stored[path] for path in paths if path in self.stored}


HIT = Hit("lib/tax.py", 3, 4, 1.0, "def tax(price: int) -> int: ...\n", "definition", "defines `tax`")
Make = Callable[..., Completer]


@pytest.fixture
def info(tokenizer_file: Path) -> ModelInfo:
    return replace(SCRIPTED_INFO, tokenizer=tokenizer_file, gate=0.4)


@pytest.fixture
async def make(tokenizer: FileTokenizer, info: ModelInfo) -> AsyncIterator[Make]:
    made: list[tuple[Completer, ScriptedEngine]] = []

    def build(engine: ScriptedEngine, retriever: ListRetriever | None = None, **settings: object) -> Completer:
        completer = Completer(engine, tokenizer, retriever, CompletionSettings(**settings))  # type: ignore[arg-type]
        made.append((completer, engine))
        return completer

    yield build
    for completer, engine in made:
        completer.close()
        await engine.close()


async def started(script: object, info: ModelInfo) -> ScriptedEngine:
    engine = ScriptedEngine(script, info=info)  # type: ignore[arg-type]
    await engine.start()
    return engine


async def complete(completer: Completer, source: str, *, invoked: bool = False) -> Suggestion:
    document, cursor = marked(source)
    return await completer.complete(document, cursor, invoked=invoked)


async def test_a_suggestion_says_where_it_comes_from(make: Make, info: ModelInfo) -> None:
    engine = await started(["= tax(1)\n"], info)
    suggestion = await complete(make(engine, ListRetriever([HIT])), "cost ‸\n")
    assert suggestion.text == "= tax(1)"
    assert [(source.path, source.start_line, source.why) for source in suggestion.sources] == [
        ("lib/tax.py", 3, "defines `tax`")
    ]
    assert suggestion.usage.prompt_tokens > 0
    assert {"window", "retrieve", "prompt", "first_token", "decode", "total"} <= set(suggestion.ms)
    assert suggestion.drop_reason is None


async def test_the_forced_prefix_is_asked_for_and_not_shown(make: Make, info: ModelInfo) -> None:
    engine = await started([" value_of(x)\n"], info)
    suggestion = await complete(make(engine), "y = value‸\n")
    assert engine.requests[0].forced_prefix == " value"
    assert suggestion.text == "_of(x)"


async def test_generation_ends_with_the_line(make: Make, info: ModelInfo) -> None:
    engine = await started(["1\nnext = 2\nmore = 3\n" * 20], info)
    suggestion = await complete(make(engine), "x =‸")
    assert suggestion.text.count("\n") == 0
    assert engine.aborted == [suggestion.id]


async def test_unasked_doubtful_suggestions_are_not_shown(make: Make, info: ModelInfo) -> None:
    engine = await started([Answer("= maybe()\n", logprob=-2.0)], info)
    completer = make(engine)
    suggestion = await complete(completer, "x ‸")
    assert suggestion.text == ""
    assert suggestion.drop_reason is not None
    assert "low confidence" in suggestion.drop_reason
    assert (await complete(completer, "x ‸", invoked=True)).text == "= maybe()"


async def test_an_answer_is_left_as_soon_as_it_is_too_doubtful(make: Make, info: ModelInfo) -> None:
    engine = await started([Answer("= one + two + three + four\n", logprob=-0.5)], info)
    completer = make(engine)
    suggestion = await complete(completer, "x ‸")
    assert suggestion.drop_reason == "low confidence (0.37 < 0.40)"
    assert suggestion.usage.completion_tokens == 2
    assert engine.aborted == [suggestion.id]
    asked_for = await complete(completer, "x ‸", invoked=True)
    assert asked_for.text == "= one + two + three + four"


async def test_an_answer_without_any_probability_is_left_at_once(make: Make, info: ModelInfo) -> None:
    engine = await started([Answer("= one + two + three\n", logprob=-1e6)], info)
    suggestion = await complete(make(engine), "x ‸")
    assert suggestion.drop_reason == "low confidence (0.00 < 0.40)"
    assert suggestion.usage.completion_tokens == 1


async def test_what_is_not_shown_makes_no_answer_doubtful(make: Make, info: ModelInfo) -> None:
    engine = await started([Answer("value)))", logprob=-0.6)], info)
    suggestion = await complete(make(engine, min_confidence=0.5), "print(‸)))")
    assert (suggestion.text, suggestion.drop_reason) == ("value", None)


async def test_only_the_first_line_decides_how_doubtful_an_answer_is(make: Make, info: ModelInfo) -> None:
    engine = await started([Answer("\n    y\n" + "    z = 1\n" * 8, logprob=-0.2)], info)
    suggestion = await complete(make(engine), "def f():‸")
    assert suggestion.text.startswith("\n    y\n    z = 1")
    assert suggestion.confidence is not None
    assert suggestion.confidence >= 0.4


async def test_places_where_typing_would_be_disturbed_do_not_reach_the_engine(make: Make, info: ModelInfo) -> None:
    engine = await started(["x"], info)
    suggestion = await complete(make(engine), "fo‸o = 1")
    assert suggestion.drop_reason == "the cursor is inside of a word"
    assert engine.requests == []


async def test_languages_can_be_turned_off(make: Make, info: ModelInfo) -> None:
    completer = make(await started(["x"], info), languages_off=("python",))
    suggestion = await complete(completer, "x = ‸", invoked=True)
    assert "languages_off" in (suggestion.drop_reason or "")


async def test_typing_along_asks_the_engine_once(make: Make, info: ModelInfo) -> None:
    engine = await started(["= compute(a, b)\n"], info)
    completer = make(engine)
    await complete(completer, "x ‸\n")
    again = await complete(completer, "x = comp‸\n")
    assert (again.text, again.from_cache) == ("ute(a, b)", True)
    assert len(engine.requests) == 1


async def test_late_retrieval_costs_context_not_time(make: Make, info: ModelInfo) -> None:
    retriever = ListRetriever([HIT])
    retriever.open.clear()
    engine = await started(["= 1\n"], info)
    completer = make(engine, retriever, retrieve_deadline_ms=1)
    suggestion = await complete(completer, "x ‸")
    retriever.open.set()
    assert suggestion.text == "= 1"
    assert suggestion.sources == ()


async def test_cancelling_reaches_the_engine(make: Make, info: ModelInfo) -> None:
    asked = asyncio.Event()

    def answer(request: GenerationRequest) -> Answer:
        asked.set()
        return Answer("= 1\n", delay_s=60)

    engine = await started(answer, info)
    task = asyncio.create_task(complete(make(engine), "x ‸"))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert engine.aborted == [engine.requests[0].id]


async def test_an_unasked_suggestion_with_a_name_that_nobody_knows_is_not_shown(
    tokenizer: FileTokenizer, info: ModelInfo
) -> None:
    engine = await started(["captcha_url\n"], info)
    completer = Completer(engine, tokenizer, None, CompletionSettings(), known_names=lambda names: frozenset())
    suggestion = await complete(completer, "x = ‸\n")
    assert (suggestion.text, suggestion.drop_reason) == ("", "it uses a name that nobody knows (captcha_url)")
    asked_for = await complete(completer, "x = ‸\n", invoked=True)
    assert asked_for.text == "captcha_url"
    assert asked_for.confidence is not None
    assert asked_for.confidence < 0.1
    completer.close()
    await engine.close()


async def test_an_unasked_suggestion_in_a_comment_has_to_be_surer(make: Make, info: ModelInfo) -> None:
    engine = await started([Answer("of today\n", logprob=-0.8)], replace(info, gate=0.1))
    completer = make(engine)
    assert (await complete(completer, "x ‸")).text == "of today"
    prose = await complete(completer, "# x ‸")
    assert (prose.text, "low confidence" in (prose.drop_reason or "")) == ("", True)
    assert (await complete(completer, "# x ‸", invoked=True)).text == "of today"
    assert (await complete(completer, "x = 'x ‸'")).text == "of today"
    shows_all = make(engine, min_confidence=0.0)
    assert (await complete(shows_all, "# x ‸")).text == "of today"


async def test_several_lines_end_with_the_block_of_the_cursor(make: Make, info: ModelInfo) -> None:
    engine = await started(["a();\n}\nfunction g() {\nb();\n}\n"], info)
    document, cursor = marked("function f() {\n‸\n", path="a.js")
    suggestion = await make(engine).complete(document, cursor)
    assert suggestion.text == "a();\n}"


@pytest.mark.parametrize(
    ("source", "answer", "line"),
    [
        ("x = self.co‸nf\n", "self.config\n", "x = self.config"),
        ("x = self.co‸nf + 1\n", "nfig\n", "x = self.config + 1"),
        ("x = self.co‸nf(a)\n", "nfigure\n", "x = self.configure(a)"),
        ("x = self.co‸nf\n", "nf\n", "x = self.conf"),
        ("valu‸e = 1\n", "ation = 1\n", "valuation = 1"),
    ],
)
async def test_who_asks_inside_of_a_word_has_it_completed(
    make: Make, info: ModelInfo, source: str, answer: str, line: str
) -> None:
    engine = await started(lambda request: request.forced_prefix + answer.removeprefix("self.co"), info)
    document, cursor = marked(source)
    suggestion = await make(engine).complete(document, cursor, invoked=True)
    whole = document.text.partition("\n")[0]
    assert whole[: cursor.column] + suggestion.text + whole[cursor.column + suggestion.replace_right :] == line
    assert (await make(engine).complete(document, cursor)).drop_reason == "the cursor is inside of a word"


async def test_a_dead_engine_is_a_drop_reason(make: Make, info: ModelInfo) -> None:
    engine = await started(["= 1\n"], info)
    engine.crash()
    suggestion = await complete(make(engine), "x ‸")
    assert suggestion.text == ""
    assert suggestion.drop_reason


async def test_a_model_that_broke_meanwhile_is_a_drop_reason(
    make: Make, info: ModelInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = await started([], info)

    async def restarted(_: GenerationRequest) -> AsyncIterator[Delta]:
        raise ModelError("model.safetensors is cut off")
        yield

    monkeypatch.setattr(engine, "stream", restarted)
    assert (await complete(make(engine), "x ‸")).drop_reason == "model.safetensors is cut off"


async def test_a_dead_engine_is_not_covered_up_by_an_earlier_suggestion(make: Make, info: ModelInfo) -> None:
    engine = await started(["= 1\n"], info)
    completer = make(engine)
    assert (await complete(completer, "x ‸")).text == "= 1"
    engine.crash()
    assert (await complete(completer, "x ‸")).text == ""


async def test_what_was_shown_on_request_is_not_shown_unasked(make: Make, info: ModelInfo) -> None:
    engine = await started([Answer("= maybe()\n", logprob=-3.0)], info)
    completer = make(engine)
    assert (await complete(completer, "x ‸", invoked=True)).text == "= maybe()"
    assert (await complete(completer, "x ‸")).text == ""
    assert (await complete(completer, "x ‸", invoked=True)).from_cache


async def test_a_withheld_document_reaches_neither_prompt_nor_engine(tokenizer: FileTokenizer, info: ModelInfo) -> None:
    engine = await started(["= 1\n"], info)
    completer = Completer(
        engine, tokenizer, None, CompletionSettings(), withheld=lambda document: "looks like a secret"
    )
    document, cursor = marked("KEY‸", path=".env")
    suggestion = await completer.complete(document, cursor, invoked=True)
    explanation = await completer.explain(document, cursor)
    assert (suggestion.text, suggestion.drop_reason) == ("", "looks like a secret")
    assert (explanation.prompt, explanation.skip_reason) == ("", "looks like a secret")
    assert engine.requests == []
    completer.close()
    await engine.close()


async def test_what_one_adapter_suggested_is_not_shown_for_another(tokenizer: FileTokenizer, info: ModelInfo) -> None:
    engine, adapter = await started(["ab", "ac"], info), ["one"]
    completer = Completer(engine, tokenizer, None, CompletionSettings(), adapter=lambda: adapter[0])
    assert (await complete(completer, "x = ‸\n")).text == "ab"
    assert (await complete(completer, "x = a‸\n")).from_cache
    adapter[0] = "two"
    assert not (await complete(completer, "x = a‸\n")).from_cache
    completer.close()
    await engine.close()


async def test_a_slot_leaves_when_its_file_may_not_be_shown_any_more(make: Make, info: ModelInfo) -> None:
    retriever = ListRetriever([HIT])
    completer = make(await started(["= 1\n"] * 3, info), retriever)
    assert (await complete(completer, "x ‸\n")).sources
    retriever.hits, retriever.stored = [], {}
    assert (await complete(completer, "y ‸\n")).sources == ()


async def test_a_model_whose_tokenizer_is_unknown_gets_text(tokenizer: FileTokenizer) -> None:
    engine = await started(["= 1\n"], replace(SCRIPTED_INFO, template="qwen2.5-coder", tokenizer=None))
    completer = Completer(engine, tokenizer, None, CompletionSettings())
    document, cursor = marked("x ‸")
    suggestion = await completer.complete(document, cursor, invoked=True)
    explanation = await completer.explain(document, cursor)
    assert suggestion.text == "= 1"
    assert str(engine.requests[0].prompt).startswith("<|repo_name|>")
    assert explanation.prompt == engine.requests[0].prompt
    assert explanation.prompt_tokens > 3
    completer.close()
    await engine.close()


@pytest.mark.parametrize(
    "source",
    ["漢字 " * 700 + "‸", "漢字仮名交" * 200 + "‸" + "漢字仮名交" * 200, "x = 1‸" + "\ny" * 900, "a" * 5000 + "‸"],
)
async def test_prompts_keep_to_their_budgets_whatever_the_line(make: Make, info: ModelInfo, source: str) -> None:
    completer = make(await started([], info), prompt_tokens=600)
    document, cursor = marked(source)
    explanation = await completer.explain(document, cursor)
    assert explanation.prompt_tokens <= 600
    assert explanation.budgets["suffix"]["used"] <= explanation.budgets["suffix"]["allowed"]


async def test_a_cursor_outside_is_an_error(make: Make, info: ModelInfo) -> None:
    completer = make(await started(["x"], info))
    document, _ = marked("x = 1‸")
    with pytest.raises(CursorError):
        await completer.complete(document, Cursor(7, 0))


async def test_typing_a_line_changes_only_the_tail_of_the_prompt(make: Make, info: ModelInfo) -> None:
    engine = await started(lambda request: "zzz", info)
    completer = make(engine, ListRetriever([HIT]))
    for typed in ("x", "x =", "x = t", "x = tax", "x = tax("):
        await complete(completer, f"import lib\n{typed}‸\nafter = 1\n", invoked=True)
    prompts = [request.prompt for request in engine.requests]
    shortest = min(len(prompt) for prompt in prompts)
    common = next(
        (at for at in range(shortest) if len({prompt[at] for prompt in prompts}) > 1),
        shortest,
    )
    assert common >= shortest - 1


async def test_explain_lays_the_prompt_open(make: Make, info: ModelInfo) -> None:
    engine = await started(["x"], info)
    document, cursor = marked("cost = ‸\n")
    explanation = await make(engine, ListRetriever([HIT])).explain(document, cursor)
    assert explanation.prompt.startswith("<｜begin▁of▁sentence｜><｜fim▁begin｜># lib/tax.py\n")
    assert explanation.prompt_tokens == explanation.budgets["total"]["used"]
    assert all(part["used"] <= part["allowed"] for part in explanation.budgets.values())
    assert engine.requests == []


async def test_bare_texts_are_filled_without_path_or_context(make: Make, info: ModelInfo) -> None:
    engine = await started([" value_of(x)"], info)
    completer = make(engine, ListRetriever([HIT]))
    prepared = await completer.gaps.prepare(FimRequest("r", "y = value", "\nz = 1\n", max_tokens=20))
    deltas = [delta async for delta in completer.gaps.fill(prepared)]
    assert "".join(delta.text for delta in deltas) == "_of(x)"
    assert "lib/tax.py" not in str(engine.requests[0].prompt)


async def test_similar_code_waits_until_the_cursor_has_moved_on(make: Make, info: ModelInfo) -> None:
    similar = Hit("lib/other.py", 1, 2, 0.5, "other = 1\nmore = 2\n", "lexical", "similar code")
    retriever = ListRetriever([HIT])
    engine = await started(lambda request: "zzz", info)
    completer = make(engine, retriever)
    await complete(completer, "a = 1\n‸", invoked=True)
    retriever.hits = [similar, HIT]
    near = await complete(completer, "a = 1\nb = 2\n‸", invoked=True)
    far = await complete(completer, "a = 1\n" * 20 + "‸", invoked=True)
    assert [query.similar for query in retriever.queries] == [True, False, True]
    assert [source.path for source in near.sources] == ["lib/tax.py"]
    assert [source.path for source in far.sources] == ["lib/tax.py", "lib/other.py"]


async def test_definitions_that_are_named_later_drive_no_similar_code_out(make: Make, info: ModelInfo) -> None:
    def hits(source: Literal["lexical", "definition"]) -> list[Hit]:
        text = "".join(f"value_{n} = {n}\n" for n in range(12))
        return [Hit(f"{source}/{n}.py", 1, 12, 1.0, text, source, source) for n in range(8)]

    retriever = ListRetriever([*hits("lexical"), *hits("definition")])
    completer = make(await started(["zzz"], info), retriever)
    first = await complete(completer, "a = 1\n‸", invoked=True)
    retriever.hits = hits("definition")
    second = await complete(completer, "a = 1\nb = 2\n‸", invoked=True)
    assert [source.path for source in second.sources] == [source.path for source in first.sources]
    assert sum(source.path.startswith("lexical") for source in first.sources) > 2


async def test_a_late_search_is_no_answer_to_another_place(make: Make, info: ModelInfo) -> None:
    retriever = ListRetriever([HIT])
    retriever.open.clear()
    # An answer without a text is no suggestion that a later request could be answered with.
    completer = make(await started([""], info), retriever, retrieve_deadline_ms=1)
    await complete(completer, "a = 1\n" * 10 + "‸", invoked=True)
    retriever.open.set()
    await asyncio.sleep(0.1)
    retriever.hits = [Hit("lib/other.py", 1, 1, 1.0, "other = 1\n", "lexical", "similar code")]
    retriever.stored = {"lib/other.py": "1"}
    shown: list[str] = []
    for _ in range(50):
        suggestion = await complete(completer, "a = 1\n" * 80 + "‸", invoked=True)
        if shown := [source.path for source in suggestion.sources]:
            break
        await asyncio.sleep(0.02)
    assert shown == ["lib/other.py"]


async def test_lines_that_the_document_lost_leave_the_prompt(make: Make, info: ModelInfo) -> None:
    old = "".join(f"old_{n} = {n}\n" for n in range(4))
    body = "x = 1\n" * 500
    retriever = ListRetriever([Hit(marked("‸")[0].path, 1, 4, 1.0, old, "lexical", "similar code")])
    completer = make(await started(["zzz"], info), retriever)
    first = await complete(completer, f"{old}{body}‸", invoked=True)
    retriever.hits = []
    kept = await complete(completer, f"{old}{body}y = 2\n‸", invoked=True)
    edited = await complete(completer, f"{old.replace('old_2', 'new_2')}{body}y = 2\nz = 3\n‸", invoked=True)
    assert [len(one.sources) for one in (first, kept, edited)] == [1, 1, 0]


async def test_searches_of_a_slow_retriever_do_not_pile_up(make: Make, info: ModelInfo) -> None:
    retriever = ListRetriever([HIT])
    retriever.open.clear()
    completer = make(await started(["zzz"], info), retriever, retrieve_deadline_ms=1)
    for typed in ("a", "ab", "abc"):
        await complete(completer, f"{typed}‸", invoked=True)
    assert len(retriever.queries) == 1
    retriever.open.set()


async def test_a_word_is_searched_for_once_while_it_is_typed(make: Make, info: ModelInfo) -> None:
    retriever = ListRetriever([HIT])
    completer = make(await started(["zzz"], info), retriever)
    for typed in ("t", "ta", "tax", "tax("):
        await complete(completer, f"x = {typed}‸", invoked=True)
    assert len(retriever.queries) == 2
