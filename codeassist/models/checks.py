"""Whether a model directory can be loaded, told in a fraction of a second and before the engine starts.

Each problem is one line that names the file and the remedy. Weights are not read, only their headers: what changed
inside of them is `checksums.py`'s question. A model of a kind that we do not know is left to the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from codeassist.engine.catalogue import Catalogue, has_plugins
from codeassist.errors import ModelError
from codeassist.fim_templates import TEMPLATES
from codeassist.models.directory import ModelDirectory
from codeassist.models.json_files import read_json, read_object
from codeassist.models.layouts import architecture_of, expected_tensors, missing_keys
from codeassist.models.remedies import refetch
from codeassist.models.shards import StoredTensor, read_shard
from codeassist.models.tokens import mark_ids, mark_problems
from codeassist.models.weights import INDEX, is_consolidated, loaded_files, weight_map

# JSON that the engine reads when it is there.
_OPTIONAL_JSON = ("generation_config.json", "tokenizer_config.json", "special_tokens_map.json")
# Names of the one matrix that has a row per token.
_TABLES = ("embedding.weight", "word_embeddings.weight", "embed_tokens.weight")


def require_loadable(model: ModelDirectory, template: str, catalogue: Catalogue) -> None:
    """Raises ModelError with the first problem, and how many more there are."""
    problems = list(model_problems(model, template, catalogue))
    if not problems:
        return
    more = f" (`codeassist models verify {model.path}` shows {len(problems) - 1} more)" if len(problems) > 1 else ""
    raise ModelError(problems[0] + more)


def model_problems(model: ModelDirectory, template: str, catalogue: Catalogue) -> Iterator[str]:
    """What would keep the engine from loading the model, or from completing with it."""
    yield from broken_json(model.path)
    yield from _config_problems(model, catalogue)
    yield from _tokenizer_problems(model, template)
    problems, tensors = shard_problems(model.path)
    yield from problems
    if not problems and tensors and not is_consolidated(model.path):
        lost = list(_index_problems(model.path, tensors))
        yield from lost
        if not lost and not missing_keys(model.config):
            yield from _tensor_problems(model, tensors)


def embedder_problems(path: Path) -> Iterator[str]:
    """The same for a sentence-transformers directory."""
    names = ("modules.json", "config.json", "config_sentence_transformers.json", "tokenizer_config.json")
    yield from _told(read_json, [path / name for name in names if (path / name).exists()])
    problems, tensors = shard_problems(path)
    yield from problems
    tokenizer = path / "tokenizer.json"
    tables = [tensor for name, tensor in tensors.items() if name.endswith(_TABLES)]
    if tokenizer.exists() and len(tables) == 1:
        yield from _told(lambda file: _require_rows(file, tables[0].shape[0], "the model's table"), [tokenizer])


def shard_problems(path: Path) -> tuple[list[str], dict[str, StoredTensor]]:
    """What is wrong with the files of weights, and the tensors of those that are whole; none for *.bin."""
    problems: list[str] = []
    tensors: dict[str, StoredTensor] = {}
    try:
        shards = loaded_files(path)
    except ModelError as error:
        return [str(error)], {}
    for shard in shards:
        if shard.suffix == ".safetensors" or not shard.exists():
            try:
                tensors |= read_shard(shard)
            except ModelError as error:
                problems.append(str(error))
    return problems, tensors


def broken_json(path: Path) -> Iterator[str]:
    """Files that may be absent, but not damaged."""
    return _told(read_json, [path / name for name in _OPTIONAL_JSON if (path / name).exists()])


def _config_problems(model: ModelDirectory, catalogue: Catalogue) -> Iterator[str]:
    file, config = model.path / "config.json", model.config
    lacking = missing_keys(config)
    if lacking:
        yield f"{file} does not say {', '.join(lacking)} as a whole number; {refetch(file)}"
    if "auto_map" in config:  # it brings its own code, or says so
        return
    architecture = architecture_of(config)
    remedy = "choose another model in engine.model, or install a vLLM that knows it"
    if not _is_known(architecture, catalogue.architectures):
        yield f"{file} names the architecture {architecture!r}, which the installed vLLM cannot complete with; {remedy}"
    elif not _is_known(model.model_type, catalogue.model_types):
        yield f"{file} names the model_type {model.model_type!r}, which the installed vLLM does not know; {remedy}"


def _is_known(name: str, names: frozenset[str] | None) -> bool:
    return not name or names is None or name in names or has_plugins()


def _tokenizer_problems(model: ModelDirectory, template: str) -> Iterator[str]:
    file, rows = model.path / "tokenizer.json", model.config.get("vocab_size")
    tokenizer = read_object(file)
    try:
        ids = mark_ids(tokenizer)
        highest = _highest_id(tokenizer)
    except (KeyError, TypeError, ValueError):
        yield f"{file} is no tokenizer; {refetch(file)}"
        return
    if isinstance(rows, int) and highest >= rows:
        yield _too_many(file, highest, rows, "config.json's vocab_size")
    if template not in TEMPLATES:  # told where templates are looked up
        return
    known = TEMPLATES[template]
    yield from mark_problems(file, known, ids)
    beyond = [ids[mark] for mark in known.needed if isinstance(rows, int) and ids.get(mark, 0) >= rows > highest]
    if isinstance(rows, int) and beyond:
        yield _too_many(file, beyond[0], rows, "config.json's vocab_size")


def _highest_id(tokenizer: Mapping[str, Any]) -> int:
    """The greatest id of the vocabulary. Added tokens that nobody asks for may lie beyond the embedding: fine-tunes
    add a padding token and leave the matrix alone."""
    pieces = tokenizer["model"]["vocab"]
    ids = pieces.values() if isinstance(pieces, dict) else range(len(pieces))
    return max(ids, default=-1)


def _require_rows(file: Path, rows: int, where: str) -> None:
    try:
        highest = _highest_id(read_object(file))
    except (KeyError, TypeError, ValueError):
        raise ModelError(f"{file} is no tokenizer; {refetch(file)}") from None
    if highest >= rows:
        raise ModelError(_too_many(file, highest, rows, where))


def _too_many(file: Path, token: int, rows: int, where: str) -> str:
    return (
        f"{file} has a token {token}, and {where} ends at {rows - 1}; the tokenizer belongs to another model: "
        f"{refetch(file)}"
    )


def _index_problems(path: Path, tensors: Mapping[str, StoredTensor]) -> Iterator[str]:
    index = path / INDEX
    places = weight_map(index) if index.exists() else {}
    lost = [name for name in places if name not in tensors]
    if lost:
        shard = path / places[lost[0]]
        yield f"{shard} lacks {_counted(lost)}, which {INDEX} says it has; {refetch(shard)}"


def _tensor_problems(model: ModelDirectory, tensors: Mapping[str, StoredTensor]) -> Iterator[str]:
    config = model.path / "config.json"
    expected = expected_tensors(model.config, model.n_mtp_layers)
    missing = [name for name in expected if name not in tensors]
    drafting = f"model.layers.{model.config.get('num_hidden_layers')}."
    if missing and all(name.startswith(drafting) for name in missing):
        yield (
            f"{model.path} lacks {_counted(missing)} of the head that drafts, which {config.name} promises; set "
            f"engine.speculative_tokens to 0, or {refetch(config)}"
        )
    elif missing:
        yield f"{model.path} lacks {_counted(missing)}, which {config.name} asks for; {refetch(config)}"
    wrong = [name for name, shape in expected.items() if name in tensors and tensors[name].shape != shape]
    if wrong:
        first = tensors[wrong[0]]
        yield (
            f"{first.shard} holds {_counted(wrong)} with the shape {list(first.shape)} where {config.name} asks for "
            f"{list(expected[wrong[0]])}; they belong to different models: {refetch(config, 'both')}"
        )


def _counted(names: list[str]) -> str:
    more = f" (and {len(names) - 1} more)" if len(names) > 1 else ""
    return f"the tensor {names[0]}{more}"


def _told(check: Callable[[Path], object], files: Iterable[Path]) -> Iterator[str]:
    for file in files:
        try:
            check(file)
        except ModelError as error:
            yield str(error)
