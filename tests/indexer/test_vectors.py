from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from indexer import records, refresh, vector_records
from indexer.embedding import HashingEmbedder, SentenceTransformerEmbedder, normalised
from indexer.errors import EmbedderUnavailable
from indexer.store import Store
from indexer.types import Query
from indexer.vectors import VectorIndex


def fill(store: Store, texts: dict[str, str], embedder: HashingEmbedder) -> None:
    with store.writing() as connection:
        records.insert_vectors(connection, embedder.name, list(texts), embedder.embed(list(texts.values())))


def sync(index: VectorIndex, store: Store) -> None:
    with store.reading() as connection:
        index.sync(connection)


def test_the_nearest_text_comes_first_and_new_vectors_are_taken_in(tmp_path: Path) -> None:
    embedder, store = HashingEmbedder(64), Store(tmp_path)
    index = VectorIndex(embedder.name, embedder.dim)
    assert index.nearest(embedder.embed(["open the file"]), 3) == []
    fill(store, {"a": "close the socket", "b": "open the file"}, embedder)
    sync(index, store)
    assert index.nearest(embedder.embed(["open the file"]), 1)[0][0] == "b"
    fill(store, {"c": "open the file now"}, embedder)
    sync(index, store)
    assert {key for key, _ in index.nearest(embedder.embed(["open the file"]), 2)} == {"b", "c"}
    store.close()


def test_the_nearest_are_those_of_the_stored_numbers_in_any_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vector_records, "VECTORS_PER_BATCH", 7)
    embedder, store = HashingEmbedder(64), Store(tmp_path)
    texts = {f"{number}": f"read {number % 7} and {number % 5} of {number}" for number in range(50)}
    fill(store, texts, embedder)
    index = VectorIndex(embedder.name, embedder.dim)
    sync(index, store)
    question = embedder.embed(["read 3 of 24"])
    stored = embedder.embed(list(texts.values())).astype(np.float16).astype(np.float32)
    expected = dict(zip(texts, (stored @ question[0]).tolist(), strict=True))
    found = dict(index.nearest(question, 50))
    assert found == pytest.approx(expected, abs=1e-5)
    assert list(found) == sorted(found, key=lambda key: (-round(found[key], 5), key))
    store.close()


def test_a_search_wakes_no_other_threads(tmp_path: Path) -> None:
    faiss = pytest.importorskip("faiss")
    embedder, store = HashingEmbedder(64), Store(tmp_path)
    fill(store, {"a": "open the file"}, embedder)
    index = VectorIndex(embedder.name, embedder.dim)
    sync(index, store)
    faiss.omp_set_num_threads(2)
    assert index.nearest(embedder.embed(["open"]), 1)
    assert faiss.omp_get_max_threads() == 1
    store.close()


def test_vectors_of_another_model_are_never_compared(tmp_path: Path) -> None:
    one, other, store = HashingEmbedder(64), HashingEmbedder(32), Store(tmp_path)
    fill(store, {"a": "open the file"}, one)
    index = VectorIndex(other.name, other.dim)
    sync(index, store)
    assert index.nearest(other.embed(["open the file"]), 3) == []
    store.close()


def test_vectors_of_vanished_texts_are_dropped_once_there_are_many(
    repository: Callable[..., Path], open_index: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "STALE_VECTORS_KEPT", 3)
    root = repository({f"m{n}.py": f"def unlike{n}(): return {n}\n" for n in range(6)})
    index = open_index(root, embedder=HashingEmbedder())
    index.refresh()
    for n in range(5):
        (root / f"m{n}.py").unlink()
    index.refresh()
    assert [hit.path for hit in index.search(Query("unlike"), 9)] == ["m5.py"]
    (root / "new.py").write_text("def unlike_all(): return 1\n")
    index.refresh()
    assert {hit.path for hit in index.search(Query("unlike"), 9)} == {"m5.py", "new.py"}


def test_without_faiss_the_rest_works_and_says_so(
    repository: Callable[..., Path], open_index: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    index = open_index(repository({"a.py": "def find_me(): pass\n"}), embedder=HashingEmbedder())
    report = index.refresh()
    assert not report.vectors
    assert report.warnings == ("faiss is not installed: no search by meaning",)
    assert index.search(Query("find me"), 3)


def test_hashed_vectors_are_unit_length_and_always_the_same() -> None:
    vectors = HashingEmbedder(64).embed(["def open_file(path)", "", "😀"])
    assert vectors.dtype == np.float32
    assert vectors.shape == (3, 64)
    assert np.allclose(np.linalg.norm(vectors, axis=1), [1, 0, 0])
    assert np.array_equal(vectors, HashingEmbedder(64).embed(["def open_file(path)", "", "😀"]))


def test_normalising_keeps_zero_rows() -> None:
    assert normalised(np.array([[3.0, 4.0], [0.0, 0.0]], dtype=np.float32)).tolist() == [
        pytest.approx([0.6, 0.8]),
        [0, 0],
    ]


def save_static(directory: Path, kinds: tuple[str, ...] = ("StaticEmbedding",)) -> Path:
    """A sentence-transformers directory with a static model of a few letters."""
    numpy_files = pytest.importorskip("safetensors.numpy")
    tokenizers = pytest.importorskip("tokenizers")
    letters = {"[UNK]": 0} | {letter: n + 1 for n, letter in enumerate("abcdefghijklmnopqrstuvwxyz_() ")}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(letters, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Split("", "isolated")
    directory.mkdir()
    tokenizer.save(str(directory / "tokenizer.json"))
    table = np.random.default_rng(0).normal(size=(len(letters), 16)).astype(np.float32)
    numpy_files.save_file({"embedding.weight": table}, directory / "model.safetensors")
    module = "sentence_transformers.sentence_transformer.modules"
    modules = [
        {"idx": n, "name": str(n), "path": "" if n == 0 else f"{n}_{kind}", "type": f"{module}.{kind}"}
        for n, kind in enumerate(kinds)
    ]
    (directory / "modules.json").write_text(json.dumps(modules))
    return directory


def test_a_static_model_is_read_without_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    embedder = SentenceTransformerEmbedder(save_static(tmp_path / "model"))
    vectors = embedder.embed(["def open(path)", "", "def open(path)"])
    assert (embedder.dim, vectors.shape, vectors.dtype) == (16, (3, 16), np.float32)
    assert np.allclose(np.linalg.norm(vectors, axis=1), [1, 0, 1])
    assert np.array_equal(vectors[0], vectors[2])


@pytest.mark.e2e
def test_a_static_model_gives_the_vectors_of_sentence_transformers(tmp_path: Path) -> None:
    sentence_transformers = pytest.importorskip("sentence_transformers")
    directory = save_static(tmp_path / "model")
    texts = ["def open(path)", "a", "zzz zzz"]
    expected = sentence_transformers.SentenceTransformer(str(directory), device="cpu").encode(texts)
    ours = SentenceTransformerEmbedder(directory).embed(texts)
    assert np.allclose(ours, normalised(expected), atol=1e-6)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("modules.json", "{broken"),
        ("modules.json", "{}"),
        ("modules.json", '["x"]'),
        ("tokenizer.json", "{broken"),
        ("model.safetensors", "no tensors"),
    ],
)
def test_a_damaged_model_folder_is_an_error_that_names_it(tmp_path: Path, file: str, content: str) -> None:
    directory = save_static(tmp_path / "model")
    (directory / file).write_text(content)
    with pytest.raises(EmbedderUnavailable, match="model"):
        SentenceTransformerEmbedder(directory).embed(["x"])


def test_without_the_libraries_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = save_static(tmp_path / "model", ("Transformer", "Pooling"))
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(EmbedderUnavailable, match="install the `cpu` or `gpu` extra"):
        SentenceTransformerEmbedder(directory).embed(["x"])


def test_the_name_of_a_model_changes_with_its_files(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    before = SentenceTransformerEmbedder(tmp_path).name
    (tmp_path / "config.json").write_text("{ }")
    assert SentenceTransformerEmbedder(tmp_path).name != before
