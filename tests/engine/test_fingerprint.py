"""A model is known again wherever it lies, and another one is told apart."""

import os
import shutil
from pathlib import Path

import pytest
from tiny_model import write_model

from codeassist.models.fingerprint import fingerprint


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_model(tmp_path / "model", ["a = 1\n"] * 9)


def test_a_copy_and_links_are_the_same_model(model: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(model, tmp_path / "copy")
    linked = tmp_path / "linked"
    linked.mkdir()
    for file in model.iterdir():
        (linked / file.name).symlink_to(file)
    (linked / "README.md").write_text("a note")
    os.utime(copy / "config.json", (0, 0))
    assert fingerprint(copy) == fingerprint(linked) == fingerprint(model)


def test_other_weights_of_the_same_size_are_another_model(model: Path) -> None:
    before = fingerprint(model)
    shard = model / "model.safetensors"
    content = shard.read_bytes()
    shard.write_bytes(content[:-4] + b"\0\1\2\3")
    assert fingerprint(model) != before


def test_a_shard_more_or_another_configuration_is_another_model(model: Path) -> None:
    before = fingerprint(model)
    shutil.copy(model / "model.safetensors", model / "mtp.safetensors")
    with_shard = fingerprint(model)
    config = model / "config.json"
    config.write_text(config.read_text().replace('"num_nextn_predict_layers": 1', '"num_nextn_predict_layers": 2'))
    assert len({before, with_shard, fingerprint(model)}) == 3
