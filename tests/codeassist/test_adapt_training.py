"""An adapter is really trained, on a model with random weights, and what is written is what was trained."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tiny_model import write_model

from codeassist.adapt.rows import Row
from codeassist.adapters.checks import adapter_problems
from codeassist.errors import EngineUnavailable, ModelError
from codeassist.models.directory import read_model

if TYPE_CHECKING:
    from codeassist.adapt.adapted import Adapted
    from codeassist.engine.vocabulary import Vocabulary

pytestmark = pytest.mark.e2e


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """A tiny model is slower on several."""
    import torch

    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model"), ["def add(a, b):\n    return a + b\n"] * 9)


def row(first: int) -> Row:
    """Sixteen numbers in a row, of which the last eight are to be said."""
    ids = tuple(range(first, first + 16))
    return Row("a.py", ids, (0.0,) * 4 + (0.2,) * 4 + (1.0,) * 8, 8, "", "middle", 0)


def batches() -> Iterator[list[Row]]:
    return repeat([row(100), row(200), row(300)])


def test_an_adapter_learns_goes_on_where_it_stopped_and_is_one_that_can_be_served(model: Path, tmp_path: Path) -> None:
    from codeassist.adapt.adapted import Adapted
    from codeassist.adapt.training import STATE, Look, Plan, Trainer, mean_nats

    out = tmp_path / "out"
    out.mkdir()
    looks: list[Look] = []
    tune = [row(100), row(200)]
    plain = Adapted(model, "cpu", 4)
    begun = mean_nats(plain.nats, tune)
    half = Trainer(plain, tune, out, Plan(12, 0.0, 1e-2))
    with pytest.raises(KeyboardInterrupt):
        half.run(broken_off(5), looks.append)
    assert (out / STATE).exists()
    adapted = Adapted(model, "cpu", 4)
    trainer = Trainer(adapted, tune, out, Plan(12, 0.0, 1e-2))
    assert trainer.step == 4
    trainer.run(batches(), looks.append)
    assert [look.step for look in looks] == [0, 2, 4, 6, 8, 10, 12]
    assert looks[0].held_out == pytest.approx(begun)
    assert looks[-1].held_out < looks[0].held_out - 0.1

    assert mean_nats(adapted.nats, tune) == pytest.approx(min(look.held_out for look in looks[1:]), rel=1e-5)
    with adapted.without():
        assert mean_nats(adapted.nats, tune) == pytest.approx(begun)
    assert list(adapter_problems(out, read_model(model))) == []
    fresh = Adapted(model, "cpu", 4)
    fresh.read(out)
    assert mean_nats(fresh.nats, tune) == pytest.approx(mean_nats(adapted.nats, tune), rel=1e-5)
    with pytest.raises(ModelError, match="another rank"):
        Adapted(model, "cpu", 8).read(out)
    (out / STATE).write_bytes(b"no state")
    with pytest.raises(ModelError, match="gone on from"):
        Trainer(fresh, tune, out, Plan(12, 0.0, 1e-2))


def broken_off(n_batches: int) -> Iterator[list[Row]]:
    """As a user does who has waited for long enough."""
    for _ in range(n_batches):
        yield [row(100), row(200), row(300)]
    raise KeyboardInterrupt


def test_a_batch_gives_the_gradient_of_its_rows_whatever_their_lengths(model: Path) -> None:
    import torch

    from codeassist.adapt.adapted import Adapted

    torch.manual_seed(0)
    adapted = Adapted(model, "cpu", 4)
    for module in adapted._layers.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    long = row(100)
    short = Row("b.py", long.ids[:11], long.weights[:11], 8, "", "", 0)
    found = []
    for at_once in (1, 2):
        loss = adapted.learn([short, long], at_once)
        found.append((loss, [tensor.grad.clone() for tensor in adapted.parameters]))
        for tensor in adapted.parameters:
            tensor.grad = None
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-4)
    assert all(torch.allclose(one, two, atol=1e-5) for one, two in zip(found[0][1], found[1][1], strict=True))
    expected = (adapted.nats(short) + adapted.nats(long)) / (3 + 8)
    only = [Row(one.path, one.ids, (0.0,) * 8 + one.weights[8:], 8, "", "", 0) for one in (short, long)]
    assert adapted.learn(only, 2) == pytest.approx(expected, rel=1e-4)


def test_experts_router_and_embeddings_stay_as_they_are(model: Path) -> None:
    from codeassist.adapt.adapted import Adapted

    names = Adapted(model, "cpu", 4).matrices()
    assert any(".self_attn.q_proj." in name for name in names)
    assert any(".mlp.shared_experts.down_proj." in name for name in names)
    assert not [name for name in names if ".experts." in name or ".gate." in name or "embed" in name]


def test_answers_by_transformers_are_the_likeliest_tokens_behind_what_is_forced(model: Path) -> None:
    from codeassist.adapt.adapted import Adapted
    from codeassist.adapt.greedy import greedy_answers
    from codeassist.engine.vocabulary import read_vocabulary

    adapted = Adapted(model, "cpu", 4)
    vocabulary = read_vocabulary(model / "tokenizer.json")
    prompts = [tuple(range(first, first + 8)) for first in range(20, 260, 12)]
    expected = [by_whole_prompts(adapted, vocabulary, prompt) for prompt in prompts]
    rows = [Row("a.py", prompt, (0.0,) * 8, 8, "", "", 0) for prompt in prompts]
    assert greedy_answers(adapted, rows, vocabulary) == expected
    assert len(set(expected)) > 3
    # What is forced is spelled, in whatever tokens, and is no part of the answer.
    forced = [Row("a.py", prompt, (0.0,) * 8, 8, "return", "", 0) for prompt in prompts]
    assert greedy_answers(adapted, forced, vocabulary) != expected


def by_whole_prompts(adapted: Adapted, vocabulary: Vocabulary, prompt: tuple[int, ...]) -> str:
    said: list[bytes] = []
    ids = list(prompt)
    for _ in range(64):
        token = int(adapted.next_logits(ids, None)[0].argmax())
        ids.append(token)
        said.append(vocabulary.spelling(token))
        if not said[-1] or b"\n" in said[-1]:
            break
    return b"".join(said).decode("utf-8", "replace")


def test_a_model_that_does_not_fit_is_told_before_it_is_loaded() -> None:
    from codeassist.adapt.adapted import require_room

    require_room(2**30, 2**30, Path("model"), "cpu")
    with pytest.raises(EngineUnavailable, match=r"needs 60\.0 GiB on cpu .* 20\.0 GiB are free"):
        require_room(60 * 2**30, 20 * 2**30, Path("model"), "cpu")


SIZES = {"vocab_size": 512, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
# DeepSeek-Coder-V2's: softmax scoring, greedy choice, two shared experts, no compressed queries; sizes made small.
V2 = {
    "intermediate_size": 64, "moe_intermediate_size": 16, "n_routed_experts": 4, "n_shared_experts": 2,
    "num_experts_per_tok": 2, "first_k_dense_replace": 1, "kv_lora_rank": 16, "q_lora_rank": None,
    "qk_rope_head_dim": 8, "qk_nope_head_dim": 16, "v_head_dim": 16, "topk_method": "greedy", "n_group": 1,
    "topk_group": 1, "scoring_func": "softmax", "norm_topk_prob": False, "num_key_value_heads": 2,
}  # fmt: skip


@pytest.mark.parametrize(
    ("family", "sizes", "layer"),
    [
        ("Qwen2", {"intermediate_size": 64, "num_key_value_heads": 2}, "self_attn.k_proj"),
        ("DeepseekV2", V2, "mlp.shared_experts.up_proj"),
    ],
)
def test_other_architectures_are_adapted_by_the_same_code(
    family: str, sizes: dict[str, Any], layer: str, tmp_path: Path
) -> None:
    import transformers

    from codeassist.adapt.adapted import Adapted, require_adaptable

    config = getattr(transformers, f"{family}Config")(**SIZES, **sizes)
    getattr(transformers, f"{family}ForCausalLM")(config).save_pretrained(tmp_path)
    require_adaptable(tmp_path)
    adapted = Adapted(tmp_path, "cpu", 4)
    assert adapted.learn([row(100)], 1) > 0
    assert all(tensor.grad is not None for tensor in adapted.parameters)
    names = adapted.matrices()
    assert f"base_model.model.model.layers.1.{layer}.lora_A.weight" in names
    assert not [name for name in names if ".experts." in name or "kv_b_proj" in name]
