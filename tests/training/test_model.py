"""The training model: samples do not see each other, the loss falls, exports read back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from training.batches import CONTEXT, MIDDLE, Rows
from training.export import config, tensors
from training.model import TINY, Model
from training.optimiser import DECAY_START, learning_rate, orthogonalise
from training.tokenizer import SPECIALS
from training.train import Batch, Trainer, read_deadline, save, start_from, wait_for

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Matrices this small gain nothing from threads, and on a busy machine threads wait for each other."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


def rows(lengths: list[int], n_middle: int = 3) -> Rows:
    random = np.random.default_rng(0)
    positions = np.concatenate([np.arange(length) for length in lengths]).astype(np.uint16)
    kinds = np.concatenate([[CONTEXT] * (length - n_middle) + [MIDDLE] * n_middle for length in lengths])
    return Rows(random.integers(6, 500, sum(lengths)).astype(np.uint16), positions, kinds.astype(np.uint8))


def states(model: Model, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    with torch.no_grad():
        hidden, draft = model(batch.tokens, batch.positions, batch.bounds, torch.float32)
    return hidden, draft


@pytest.fixture
def model() -> Model:
    torch.manual_seed(0)
    model = Model(TINY).eval()
    for parameter in model.parameters():
        if parameter.ndim > 1 and not parameter.any():
            torch.nn.init.normal_(parameter, std=0.05)
    return model


def test_packed_samples_give_what_each_gives_alone(model: Model) -> None:
    together = rows([20, 7, 33])
    hidden, draft = states(model, Batch.of(together, CPU))
    start = 0
    for length in (20, 7, 33):
        part = slice(start, start + length)
        alone = Rows(together.tokens[part], together.positions[part], together.kinds[part])
        single, single_draft = states(model, Batch.of(alone, CPU))
        torch.testing.assert_close(hidden[part], single, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(draft[start : start + length - 1], single_draft[:-1], atol=1e-5, rtol=1e-4)
        start += length


def test_later_tokens_change_nothing_before_them(model: Model) -> None:
    one = rows([30])
    other = Rows(one.tokens.copy(), one.positions, one.kinds)
    other.tokens[20] += 1
    first, second = (states(model, Batch.of(each, CPU))[0] for each in (one, other))
    torch.testing.assert_close(first[:20], second[:20])
    assert (first[20:] - second[20:]).abs().max() > 1e-3


def test_predictions_across_samples_weigh_nothing() -> None:
    batch = Batch.of(rows([6, 5]), CPU)
    assert batch.weights.tolist() == [1, 1, 10, 10, 10, 0, 1, 10, 10, 10, 0]
    assert batch.draft_weights.tolist() == [1, 10, 10, 10, 0, 0, 10, 10, 10, 0, 0]
    assert batch.bounds.tolist()[:3] == [0, 6, 11]


def test_a_draft_layer_that_imitates_learns_what_the_model_says(model: Model) -> None:
    trainer = Trainer(TINY, CPU, compiled=False)
    trainer.model = model
    batch = Batch.of(rows([40]), CPU)
    with torch.no_grad():
        hidden, draft = states(model, batch)
        said = (hidden @ model.head.T).argmax(-1)
        scores = torch.log_softmax(draft[:-2] @ model.head.T, -1)
        # State n of the draft layer is about token n + 2; so is state n + 1 of the model.
        expected = -(scores[torch.arange(38), said[1:39]] * batch.draft_weights[:38]).sum()
        _, ahead, _ = trainer.losses(batch, imitate=True)
        _, taught_by_text, _ = trainer.losses(batch)
    torch.testing.assert_close(ahead, expected)
    assert abs(float(ahead - taught_by_text)) > 1e-3


def test_steps_lower_the_loss_and_balance_the_experts(tmp_path: Path) -> None:
    trainer = Trainer(TINY, CPU, compiled=False)
    batch = Batch.of(rows([40, 24]), CPU)
    losses = [trainer.step([batch], number, 0.1).get("loss") for number in range(21)]
    assert losses[0] is not None
    assert losses[20] is not None
    assert losses[20] < losses[0] - 0.5
    assert any(experts.bias.any() for experts in trainer.model.experts())
    assert set(trainer.validate([batch])) == {"val_context", "val_middle", "val_draft"}
    save(trainer, tmp_path / "final.pt")
    assert [file.name for file in tmp_path.iterdir()] == ["final.pt"]
    other = Trainer(TINY, CPU, compiled=False)
    before = other.validate([batch])
    start_from(other, tmp_path / "final.pt")
    assert other.validate([batch]) == trainer.validate([batch]) != before


def test_orthogonalised_matrices_have_even_singular_values() -> None:
    torch.manual_seed(0)
    for size in ((3, 64, 32), (2, 32, 64)):
        values = torch.linalg.svdvals(orthogonalise(torch.randn(*size)).float())
        assert values.min() > 0.5
        assert values.max() < 1.5


def test_the_learning_rate_warms_up_stays_and_ends_at_zero() -> None:
    assert learning_rate(0.0, 0) < 0.05
    assert learning_rate(0.5, 1000) == 1.0
    assert 0.4 < learning_rate((1 + DECAY_START) / 2, 1000) < 0.6
    assert learning_rate(1.0, 1000) == 0.0


def test_published_names_cover_every_weight() -> None:
    model = Model(TINY)
    names = dict(tensors(model))
    n_stored = sum(tensor.numel() for tensor in names.values())
    n_biases = sum(experts.bias.numel() for experts in model.experts())
    assert n_stored == sum(parameter.numel() for parameter in model.parameters()) + n_biases
    assert f"model.layers.{TINY.layers}.eh_proj.weight" in names
    told = config(TINY)
    assert (told["bos_token_id"], told["eos_token_id"]) == (0, 1)
    assert told["vocab_size"] == TINY.vocabulary > len(SPECIALS)


def test_a_file_moves_the_deadline(tmp_path: Path) -> None:
    from argparse import Namespace

    options = Namespace(out=tmp_path, deadline=5.0)
    assert read_deadline(options) == 5.0
    (tmp_path / "deadline").write_text("7.5")
    assert read_deadline(options) == 7.5


def test_weights_that_never_come_end_at_the_deadline(tmp_path: Path) -> None:
    from argparse import Namespace

    options = Namespace(out=tmp_path, deadline=5.0)
    wait_for(tmp_path, options)
    with pytest.raises(SystemExit, match=r"never\.pt did not come"):
        wait_for(tmp_path / "never.pt", options)
