"""Pairs, batches, training and search quality of the embedding model, on texts small enough to read."""

import json
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch

from codeassist.models.directory import shipped_embedder
from indexer.embedding import SentenceTransformerEmbedder
from training.data import HELD_OUT
from training.embedder import BATCH, batches, export, first_table, train, vectors
from training.embedder_corpus import bags, joined, prepare
from training.embedder_evaluate import Bm25, fused, measure, ranks
from training.embedder_pairs import Pair, definitions, first_paragraph, pairs_of
from training.embedder_tokenizer import UNKNOWN
from training.embedder_tokenizer import train as train_tokenizer

HERE = Path(__file__).parents[2] / "training"
PYTHON = '''\
class Basket:
    """Things that a customer wants to buy.

    Prices are in cents.
    """

    def __init__(self) -> None:
        self.items = []
        self.closed = False


async def send_mail(address: str) -> None:
    server = await connect()
    await server.send(address)
    await server.close()
'''
RUST = """\
/// Reads a number from the
/// front of the text.
pub fn read_number(text: &str) -> Option<u32> {
    let digits = text.split(' ').next()?;
    digits.parse().ok()
}
"""


def test_python_definitions_carry_the_first_paragraph_and_code_without_it() -> None:
    basket, start, mail = definitions("shop.py", PYTHON)
    assert basket.documentation == "Things that a customer wants to buy."
    assert "customer" in basket.code
    assert "customer" not in basket.bare
    assert basket.bare.startswith("class Basket:\n")
    assert (start.name, start.documentation) == ("__init__", "")
    assert mail.code.endswith("await server.close()")


def test_comments_above_a_definition_are_its_documentation() -> None:
    (read,) = definitions("src/number.rs", RUST)
    assert (read.name, read.documentation) == ("read_number", "Reads a number from the front of the text.")
    assert read.bare.startswith("pub fn")
    assert read.bare.endswith("}")


def test_a_string_inside_of_code_is_no_documentation() -> None:
    text = "def page():\n    first = 1\n    '''not about the function at all'''\n    return first\n"
    assert definitions("page.py", text)[0].documentation == ""


@pytest.mark.parametrize(
    ("documentation", "expected"),
    [
        ("Opens one file.\n\nMore.", "Opens one file."),
        ("\n    Two lines\n    of words here.\n", "Two lines of words here."),
        (":param name: the name of it", ""),
        ("Short", ""),
    ],
)
def test_first_paragraph(documentation: str, expected: str) -> None:
    assert first_paragraph(documentation) == expected


def test_a_file_gives_no_more_pairs_than_asked_for() -> None:
    text = "\n\n".join(
        f'def do_{n}(x):\n    """Doing the thing {n}."""\n    y = x\n    z = y\n    return z' for n in range(30)
    )
    assert 6 <= len(pairs_of("do.py", text, Random(0), 8)) <= 8


def test_files_without_definitions_give_no_questions() -> None:
    assert pairs_of("empty.py", "x = 1\n", Random(0), 8) == []


def test_identifiers_fall_into_lower_case_words() -> None:
    tokenizer = train_tokenizer(iter(["get http response parse url foo bar"] * 9), 200)
    tokens = tokenizer.encode("getHTTPResponse(parse_url, FooBar)", add_special_tokens=False).tokens
    assert tokens == ["get", "http", "response", "parse", "url", "foo", "bar"]
    assert tokenizer.token_to_id(UNKNOWN) == 0
    assert tokenizer.encode("+-()", add_special_tokens=False).ids == []


def test_texts_are_taken_in_any_order() -> None:
    texts = joined([np.array(ids, np.uint16) for ids in ([1, 2], [], [3])])
    ids, offsets = texts.take(np.array([2, 1, 0]))
    assert ids.tolist() == [3, 1, 2]
    assert offsets.tolist() == [0, 1, 1]


def test_batches_are_full_and_name_no_pair_twice() -> None:
    repositories = np.repeat(np.arange(5, dtype=np.int32), 1000)
    made = batches(repositories, np.random.default_rng(0))
    used = np.concatenate(made)
    assert len(used) == len(set(used.tolist()))
    assert all(abs(len(batch) - BATCH) < 40 for batch in made)


def test_training_brings_partners_together() -> None:
    words = [f"{a}{b}" for a in "bcdfghklmnprstvz" for b in ("ano", "elu", "iro", "osa")]
    tokenizer = train_tokenizer(iter(words * 9), 2000)
    partners = [Pair(" ".join(words[n : n + 2]), " ".join(words[-n - 8 : -n - 1])) for n in range(32)]
    pairs = prepare(tokenizer, iter([("shop", partner) for partner in partners for _ in range(40)]))
    before = first_table(pairs, tokenizer.get_vocab_size())
    table, _ = train(pairs, before.clone(), lambda step: step / 15)
    places = np.arange(0, 32 * 40, 40)

    def share_found(table: torch.Tensor) -> float:
        bag = torch.nn.EmbeddingBag.from_pretrained(table)
        near = vectors(bag, pairs.queries.take(places)) @ vectors(bag, pairs.codes.take(places)).T
        return float((near.argmax(1) == torch.arange(32)).float().mean())

    assert share_found(before) < 0.3
    assert share_found(table) > 0.9


def test_the_index_loads_what_was_exported(tmp_path: Path) -> None:
    tokenizer = train_tokenizer(iter(["alpha beta gamma"] * 9), 100)
    tokenizer.save(str(tmp_path / "words.json"))
    table = torch.eye(tokenizer.get_vocab_size(), 8)
    table[0] = 0.0
    export(table, tmp_path / "words.json", tmp_path / "model")
    embedder = SentenceTransformerEmbedder(tmp_path / "model")
    assert embedder.embed(["", "+"]).tolist() == [[0.0] * 8] * 2
    assert embedder.embed(["alpha alpha"])[0] == pytest.approx(embedder.embed(["Alpha"])[0])


def test_the_shipped_model_loads_and_finds() -> None:
    embedder = SentenceTransformerEmbedder(shipped_embedder())
    codes = embedder.embed(["def send_mail(address):\n    smtp.send(address)", "def add(a, b):\n    return a + b"])
    assert embedder.dim == 192
    assert (codes @ embedder.embed(["deliver an email to somebody"])[0]).argmax() == 0


def test_rare_words_decide_in_bm25() -> None:
    scores = Bm25(["open the file", "open the door", "open the window of the house"]).scores("open door")
    assert ranks(scores).tolist()[1] == 1


def test_fusion_prefers_what_both_find() -> None:
    one, other = np.array([3.0, 2.0, 1.0], np.float32), np.array([0.0, 2.0, 1.0], np.float32)
    assert int(fused(one, other).argmax()) == 1


def test_measuring_ranks_the_right_function_first_for_a_perfect_embedder() -> None:
    found = definitions("shop.py", PYTHON)

    def embed(texts: list[str]) -> np.ndarray:
        is_basket = [("customer" in text) or ("Basket" in text) for text in texts]
        return np.array([[1.0, 0.0] if yes else [0.0, 1.0] for yes in is_basket], np.float32)

    assert measure(found, embed)["embedder"].tolist() == [1]


def test_bags_are_cut() -> None:
    tokenizer = train_tokenizer(iter(["alpha beta gamma"] * 9), 100)
    assert [len(bag) for bag in bags(tokenizer, ["alpha beta gamma", ""], 2)] == [2, 0]


def test_every_added_source_has_a_version_and_a_licence_of_ours() -> None:
    recorded = json.loads((HERE / "embedder_data.json").read_text(encoding="utf-8"))
    assert {source["licence"] for source in recorded["sources"]} <= {"MIT", "BSD", "Apache-2.0", "ISC", "PSF-2.0"}
    held_out_then = HELD_OUT[:6]  # the others, which are no Python, came later
    assert all(source["version"] and source["name"] not in held_out_then for source in recorded["sources"])
