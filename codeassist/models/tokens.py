"""The tokens that mark a prompt and end an answer: which a model's files name, and what keeps them from working."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from codeassist.errors import ModelError
from codeassist.fim_templates import PIECES, TEMPLATES, Template
from codeassist.models.json_files import read_object
from codeassist.models.remedies import refetch
from codeassist.tokenizer import load_tokenizer


def mark_ids(tokenizer: Mapping[str, Any]) -> dict[str, int]:
    """Ids of the added tokens of a tokenizer.json, and of the pieces of its vocabulary that mark prompts. Raises
    KeyError, TypeError or ValueError for what is no tokenizer."""
    added, model = tokenizer.get("added_tokens", []), tokenizer["model"]
    if not isinstance(model, dict) or not isinstance(added, list):
        raise TypeError("a tokenizer has a model and a list of added tokens")
    vocabulary = model.get("vocab")
    pieces = vocabulary if isinstance(vocabulary, dict) else {}
    return {piece: int(pieces[piece]) for piece in PIECES if piece in pieces} | {
        entry["content"]: int(entry.get("id", -1)) for entry in added
    }


def end_tokens(directory: Path, config: Mapping[str, Any], specials: Mapping[str, int]) -> list[int]:
    """Tokens that end a text, by both files that may name them; where neither does, those of the model's special tokens
    that end the texts of some family. Raises ModelError."""
    generation = directory / "generation_config.json"
    named = [config.get("eos_token_id")]
    if generation.exists():
        named.append(read_object(generation).get("eos_token_id"))
    ids = {token for value in named for token in (value if isinstance(value, list) else [value])}
    known = {specials[template.stop[0]] for template in TEMPLATES.values() if template.stop[0] in specials}
    return sorted({token for token in ids if isinstance(token, int)} or known)


def mark_problems(file: Path, template: Template, ids: Mapping[str, int]) -> Iterator[str]:
    """What keeps a prompt from getting its marks, each as one token of its own. file: a tokenizer.json; ids: of its
    tokens."""
    lacking = [mark for mark in template.needed if mark not in ids]
    if lacking:
        yield (
            f"{file} has no single token {' nor '.join(lacking)}, which the template {template.name!r} needs; it "
            f"belongs to another model: {refetch(file)}, or name the right template in codeassist.json"
        )
        return
    try:
        tokenizer = load_tokenizer(file)
    except ModelError as error:
        yield f"{error}; {refetch(file)}"
        return
    yield from (
        _misread(file, mark, ids[mark], tokenizer) for mark in template.needed if not _reads(tokenizer, mark, ids)
    )
    needed = [ids[mark] for mark in template.needed]
    shared = [mark for mark in template.needed if needed.count(ids[mark]) > 1]
    if shared:
        yield f"{file} has one id for {' and '.join(shared)}, which a prompt must tell apart; {refetch(file)}"


def _reads(tokenizer: Tokenizer, mark: str, ids: Mapping[str, int]) -> bool:
    """Whether a mark in the midst of a text is read as its one id; of pieces of the vocabulary only ids are sent."""
    is_added = any(token.content == mark for token in tokenizer.get_added_tokens_decoder().values())
    return tokenizer.token_to_id(mark) == ids[mark] and (
        not is_added or tokenizer.encode(f"a{mark}b", add_special_tokens=False).ids.count(ids[mark]) == 1
    )


def _misread(file: Path, mark: str, number: int, tokenizer: Tokenizer) -> str:
    found = tokenizer.encode(f"a{mark}b", add_special_tokens=False).ids
    return (
        f"{file} gives {mark} the id {number}, but reads a{mark}b as {found}: its added_tokens do not fit its "
        f"vocabulary; {refetch(file)}"
    )
