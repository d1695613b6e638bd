"""A layer is really trained, on a base with random weights, and what is written is what was trained."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_model import write_model

from codeassist.errors import ModelError
from codeassist.mtp.attach import LAYER, attach
from codeassist.mtp.loader import Plan
from codeassist.mtp.samples import read_texts
from training.strip import strip

pytestmark = pytest.mark.e2e


def test_a_layer_learns_what_its_base_says_goes_on_where_it_stopped_and_joins_it(tmp_path: Path) -> None:
    import torch

    from codeassist.mtp.acceptance import measure_acceptance
    from codeassist.mtp.base import Base
    from codeassist.mtp.layer import published, read_layer
    from codeassist.mtp.training import Look, Trainer

    whole = write_model(tmp_path / "whole", ["def add(a, b):\n    return a + b\n"] * 9)
    strip(whole, tmp_path / "base")
    repository = tmp_path / "repository"
    repository.mkdir()
    for number in range(60):
        (repository / f"module_{number}.py").write_text("".join(f"value_{n} = add({n}, b)\n" for n in range(40)))
    train, held_out = read_texts([repository])
    plan = Plan(steps=20, rows=2, length=128, look_every=10, held_out_rows=4)
    looks: list[Look] = []
    half = Trainer(tmp_path / "base", train, held_out, tmp_path / "out", Plan(10, 2, 128, 10, 4), "cpu")
    half.run(looks.append)
    Trainer(tmp_path / "base", train, held_out, tmp_path / "out", plan, "cpu").run(looks.append)
    assert [look.step for look in looks] == [0, 10, 10, 20]
    assert looks[-1].held_out_loss < looks[0].held_out_loss
    assert looks[2].held_out_loss == pytest.approx(looks[1].held_out_loss, rel=1e-3)

    base = Base(tmp_path / "base", "cpu")
    trained = read_layer(tmp_path / "out", base)
    found = measure_acceptance(base, trained, tmp_path / "base", held_out, n_rows=4, length=128)
    assert 0 <= found.taken <= found.drafted == sum(drafted for _, drafted in found.rows)
    assert found.drafted > 0
    # Read and written again, a layer is the same, tensor by tensor, under the names of the checkpoint it came from.
    again = published(read_layer(whole, base), base.config, torch.float32)
    from safetensors.torch import load_file

    stored = {name: tensor for name, tensor in load_file(whole / "model.safetensors").items() if name in again}
    assert stored.keys() == again.keys()
    assert all(torch.equal(stored[name], again[name]) for name in again)

    attach(tmp_path / "base", tmp_path / "out", tmp_path / "attached")
    (tmp_path / "out" / "training.pt").write_bytes(b"no state")
    with pytest.raises(ModelError, match="gone on from"):
        Trainer(tmp_path / "base", train, held_out, tmp_path / "out", plan, "cpu")
    assert (tmp_path / "attached" / LAYER).is_file()
