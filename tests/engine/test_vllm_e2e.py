"""The embedded engine with a real vLLM."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from asking import read, text_of, until
from real_engine import CODE, ask, assert_counted, running

from codeassist.directories import speculation_file
from codeassist.engine.embedded import EmbeddedEngine
from codeassist.engine.measured import write_choices
from codeassist.engine.speculation import Drafter
from codeassist.engine.vllm_arguments import CPU_STEP_TOKENS
from codeassist.errors import EngineCrashed, EngineUnavailable, ModelError, RequestRejected
from codeassist.models.directory import shipped_model
from codeassist.types import Delta, GenerationRequest, Priority

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(300),
]


@pytest.fixture(scope="module", autouse=True)
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the user of this machine has measured does not count."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(real_model: Path) -> AsyncIterator[EmbeddedEngine]:
    async with running(real_model) as engine:
        yield engine


def process_group(pid: int) -> list[int]:
    """Living processes of the group that the host leads."""
    groups = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            state, _, group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            groups[int(entry.name)] = int(group) if state != "Z" else -1
    return [process for process, group in groups.items() if group == pid]


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


async def test_an_answer_is_streamed_token_by_token(engine: EmbeddedEngine) -> None:
    request = ask(engine, max_tokens=12, logprobs=True)
    deltas = await read(engine, request)
    usage, tokens = deltas[-1].usage, [token for delta in deltas for token in delta.tokens]
    assert usage.prompt_tokens == len(request.prompt)
    assert 0 < usage.completion_tokens == len(tokens) <= 12
    assert len(deltas) > 1 or len(tokens) == 1
    assert text_of(deltas) == "".join(token.text for token in tokens)
    assert all(token.logprob <= 0 for token in tokens)
    assert [delta.finish_reason is None for delta in deltas] == [True] * (len(deltas) - 1) + [False]


async def test_tokens_come_with_the_likeliest_in_their_place(engine: EmbeddedEngine) -> None:
    for forced in ("", "ret"):
        request = ask(engine, max_tokens=4, logprobs=True, top_logprobs=3, forced_prefix=forced)
        tokens = [token for delta in await read(engine, request) for token in delta.tokens]
        for token in tokens:
            assert 1 <= len(token.top) <= 3
            assert list(token.top) == sorted(token.top, key=lambda pair: -pair[1])
            assert token.top[0] == pytest.approx((token.text, token.logprob))  # greedy: the likeliest is chosen


async def test_a_prompt_that_grows_is_computed_only_at_its_end(engine: EmbeddedEngine) -> None:
    text = "# another beginning\n" + CODE * 4
    await read(engine, ask(engine, text))
    usage = (await read(engine, ask(engine, text + "        ret")))[-1].usage
    assert usage.cached_tokens >= usage.prompt_tokens - 64
    assert usage.cached_tokens < usage.prompt_tokens


async def test_greedy_answers_repeat_and_seeded_ones_too(engine: EmbeddedEngine) -> None:
    for changes in [{}, {"temperature": 1.0, "seed": 7}]:
        one, two = [text_of(await read(engine, ask(engine, **changes))) for _ in range(2)]
        assert one == two


async def test_a_seeded_request_may_have_a_prompt_of_several_steps(engine: EmbeddedEngine) -> None:
    def asked(beginning: str) -> GenerationRequest:
        return ask(engine, beginning + CODE * 16, temperature=1.0, seed=7)

    one = await read(engine, asked("# never seen\n"))
    assert one[-1].usage.prompt_tokens > 2 * CPU_STEP_TOKENS
    again = text_of(await read(engine, asked("# never seen\n")))  # now from the cache
    assert text_of(one) == again
    several = await asyncio.gather(*(read(engine, asked(f"# nor {n}\n")) for n in range(3)))
    assert all(text_of(deltas) for deltas in several)


async def test_a_stop_text_ends_the_answer_before_it(engine: EmbeddedEngine) -> None:
    whole = text_of(await read(engine, ask(engine, temperature=1.0, seed=3, max_tokens=40)))
    stop = whole[5:7]
    deltas = await read(engine, ask(engine, temperature=1.0, seed=3, max_tokens=40, stop=(stop,)))
    assert text_of(deltas) == whole[: whole.index(stop)]
    assert deltas[-1].finish_reason == "stop"


@pytest.mark.parametrize("forced", ["r", "        retur", "self.item", "größe 😀", "\n\n\t", "漢", "<｜fim▁hole｜>"])
async def test_an_answer_begins_with_the_forced_prefix(engine: EmbeddedEngine, forced: str) -> None:
    deltas = await read(engine, ask(engine, forced_prefix=forced, max_tokens=len(forced.encode()) + 4, logprobs=True))
    assert text_of(deltas).startswith(forced)
    assert text_of(deltas) == "".join(token.text for delta in deltas for token in delta.tokens)
    assert "\ufffd" not in text_of(deltas)[: len(forced)]


async def test_forcing_what_would_come_anyway_changes_nothing_but_the_certainty(engine: EmbeddedEngine) -> None:
    """Probabilities are those among the tokens that may be chosen."""
    free = await read(engine, ask(engine, logprobs=True))
    tokens = [token for delta in free for token in delta.tokens]
    forced = next(token.text for token in tokens if token.text)[:1]
    healed = await read(engine, ask(engine, logprobs=True, forced_prefix=forced))
    assert text_of(healed) == text_of(free)
    again = [token for delta in healed for token in delta.tokens]
    assert again[0].logprob >= tokens[0].logprob - 1e-3
    assert again[1].logprob == pytest.approx(tokens[1].logprob, abs=1e-2)


async def test_forced_and_free_answers_share_a_batch(engine: EmbeddedEngine) -> None:
    requests = [ask(engine, forced_prefix=forced) for forced in ("self", "", "return", "", "x = ")]
    alone = [text_of(await read(engine, request)) for request in requests]
    together = await asyncio.gather(*(read(engine, request) for request in requests))
    assert [text_of(deltas)[:4] for deltas in together] == [text[:4] for text in alone]


async def test_a_text_prompt_is_encoded_for_the_model(engine: EmbeddedEngine) -> None:
    usage = (await read(engine, replace(ask(engine), prompt="def put(self, item):")))[-1].usage
    assert 3 < usage.prompt_tokens < 25


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": (10**7,)},
        {"prompt": (0,) * 100_000},
        {"prompt": "text " * 100_000},
        {"prompt": ()},
        {"prompt": "\ud800"},
        {"temperature": -1.0},
        {"top_p": 7.0},
        {"seed": 2**70},
        {"forced_prefix": "\ud800"},
    ],
)
async def test_an_impossible_request_is_refused_and_harms_nobody(
    engine: EmbeddedEngine, change: dict[str, Any]
) -> None:
    with pytest.raises(RequestRejected):
        await read(engine, replace(ask(engine), **change))
    assert await read(engine, ask(engine))
    assert engine.status.restarts == 0


async def begin(engine: EmbeddedEngine, request: GenerationRequest) -> AsyncIterator[Delta]:
    stream = engine.stream(request)
    await anext(stream)
    return stream


async def test_requests_that_were_left_are_gone_inside_of_the_engine(engine: EmbeddedEngine) -> None:
    """More endless requests than the engine has seats: had they not ended, the last would wait for minutes."""
    endless = ask(engine, "", max_tokens=3000, temperature=1.0, seed=1, priority=Priority.COMPLETION)
    for _ in range(3):
        streams = [await begin(engine, endless) for _ in range(8)]
        for stream in streams:
            await stream.aclose()  # type: ignore[attr-defined]
    async with asyncio.timeout(20):
        await read(engine, ask(engine, priority=Priority.INDEX, max_tokens=2))


async def test_a_completion_does_not_wait_for_a_reviews_long_prompt(engine: EmbeddedEngine, real_model: Path) -> None:
    if real_model != shipped_model():
        pytest.skip("the tiny model computes the long prompt before anyone can ask again")
    short = ask(engine, CODE, max_tokens=1)
    long = replace(ask(engine), prompt=tuple(range(300, 3900)), max_tokens=1, priority=Priority.REVIEW)
    await read(engine, short)
    review = asyncio.create_task(read(engine, long))
    await asyncio.sleep(0.1)
    await read(engine, short)
    assert not review.done()
    await review


async def test_what_was_measured_decides_what_drafts(
    engine: EmbeddedEngine, real_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert engine.speculation is None
    assert engine.circumstances is not None
    write_choices(speculation_file(), engine.circumstances, {"completion": (Drafter("ngram", 4), {})})
    async with running(real_model) as other:
        await read(other, ask(other))
        assert_counted(other.speculation, "ngram", 4)


async def test_an_engine_whose_core_is_killed_comes_back(tiny_model: Path) -> None:
    async with running(tiny_model) as engine:
        host = engine.status.pid
        assert host is not None
        core = max(process_group(host))
        assert core != host
        reader = asyncio.create_task(read(engine, ask(engine, "", max_tokens=4000)))
        await asyncio.sleep(0.5)
        os.kill(core, signal.SIGKILL)
        with pytest.raises(EngineCrashed):
            await reader
        with pytest.raises(EngineUnavailable):
            await read(engine, ask(engine))
        await until(lambda: engine.status.state == "ready", seconds=120)
        assert (engine.status.restarts, process_group(host)) == (1, [])
        assert text_of(await read(engine, ask(engine)))


async def test_closing_leaves_no_process_and_no_file(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(prefix="t") as directory:
        monkeypatch.setattr("tempfile.tempdir", directory)
        async with running(tiny_model) as engine:
            host = engine.status.pid
            assert host is not None
            assert len(process_group(host)) >= 2
            assert names(Path(directory))
        assert process_group(host) == []
        assert names(Path(directory)) == []


async def test_weights_that_cannot_be_loaded_are_told_before_the_engine_starts(
    tiny_model: Path, tmp_path: Path
) -> None:
    broken = shutil.copytree(tiny_model, tmp_path / "broken")
    os.truncate(broken / "model.safetensors", 4000)
    with pytest.raises(ModelError, match=r"model\.safetensors is cut off"):
        async with running(broken):
            pass


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_a_killed_parent_leaves_no_process(tiny_model: Path, how: signal.Signals) -> None:
    script = Path(__file__).with_name("orphans.py")
    parent = await asyncio.create_subprocess_exec(
        sys.executable, str(script), str(tiny_model), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    host = int(await parent.stdout.readline())
    assert len(process_group(host)) >= 2
    parent.send_signal(how)
    await until(lambda: process_group(host) == [], seconds=15)
    assert await parent.stdout.read() == b"", "stdout belongs to the protocol"
    await parent.wait()
