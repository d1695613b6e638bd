"""Models of other families in a real vLLM: their tokenizers, their marks, and the tokens that end their answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio
from asking import read, text_of
from tiny_llama import write_llama

from codeassist.engine.choose import open_embedded
from codeassist.engine.embedded import EmbeddedEngine
from codeassist.fim import Slot, find_template, prompt_ids, prompt_text, render_fim
from codeassist.settings import EngineSettings
from codeassist.tokenizer import FileTokenizer
from codeassist.types import GenerationRequest
from codeassist.window import Window

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

WINDOW = Window("b.py", "", 0, 1, 2, ("def f(cart):\n",), "    ret", "\n", ("g()\n",))
SLOTS = (Slot("a.py", 1, 1, "x = '<|file_sep|> </s>'", ""),)


@pytest_asyncio.fixture(
    scope="module",
    loop_scope="module",
    params=[("codellama", "llama", "▁<EOT>"), ("qwen2.5-coder", "byte-level", "<|file_sep|>")],
    ids=lambda param: param[0],
)
async def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[EmbeddedEngine]:
    name, kind, said = request.param
    model = write_llama(tmp_path_factory.mktemp("models") / name, find_template(name), kind, said)
    engine = open_embedded(replace(EngineSettings(), model=str(model), kv_cache_gib=0.5))
    assert engine.info.template == name
    try:
        await engine.start()
        yield engine
    finally:
        await engine.close()


def ask(engine: EmbeddedEngine, *, stops: bool) -> GenerationRequest:
    """A gap, healed at its unfinished word."""
    assert engine.info.tokenizer is not None
    template, tokenizer = find_template(engine.info.template), FileTokenizer(engine.info.tokenizer)
    prompt = render_fim(template, WINDOW, SLOTS, tokenizer.heal_offset(WINDOW.left))
    return GenerationRequest(
        "gap",
        prompt_ids(prompt, tokenizer),
        max_tokens=16,
        forced_prefix=prompt.forced_prefix,
        stop=template.stop[1:] if stops else (),
    )


async def test_an_answer_ends_at_a_token_of_the_template_that_no_file_calls_an_end(engine: EmbeddedEngine) -> None:
    request = ask(engine, stops=True)
    assert request.forced_prefix.endswith("ret")
    deltas = await read(engine, request)
    assert (text_of(deltas), deltas[-1].finish_reason) == (request.forced_prefix, "stop")
    assert deltas[-1].usage.completion_tokens <= len(request.forced_prefix) + 1


async def test_a_mark_is_no_text(engine: EmbeddedEngine) -> None:
    request = ask(engine, stops=False)
    deltas = await read(engine, request)
    assert (text_of(deltas), deltas[-1].finish_reason) == (request.forced_prefix, "length")
    assert deltas[-1].usage.completion_tokens == 16


async def test_a_prompt_that_comes_as_text_is_as_long_as_its_tokens(engine: EmbeddedEngine) -> None:
    assert engine.info.tokenizer is not None
    template, tokenizer = find_template(engine.info.template), FileTokenizer(engine.info.tokenizer)
    prompt = render_fim(template, WINDOW, (), heal_at=4)
    text = GenerationRequest("text", prompt_text(prompt, template), max_tokens=1)
    assert (await read(engine, text))[-1].usage.prompt_tokens == len(prompt_ids(prompt, tokenizer))
