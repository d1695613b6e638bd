"""Which tokens end a text is said by either of two files, and otherwise by what the family's texts end with."""

import json
from pathlib import Path
from typing import Any

import pytest

from codeassist.errors import ModelError
from codeassist.models.tokens import end_tokens

SPECIALS = {"<s>": 1, "</s>": 2, "<|endoftext|>": 7, "<|file_sep|>": 9}


@pytest.mark.parametrize(
    ("config", "generation", "expected"),
    [
        ({"eos_token_id": 5}, None, [5]),
        ({"eos_token_id": 5}, {"eos_token_id": [6, 5, 4]}, [4, 5, 6]),
        ({}, {"eos_token_id": 0}, [0]),
        ({"eos_token_id": None}, {}, [2, 7]),
        ({}, None, [2, 7]),
        ({"eos_token_id": "</s>"}, None, [2, 7]),
    ],
)
def test_tokens_that_end_a_text(tmp_path: Path, config: Any, generation: Any, expected: list[int]) -> None:
    if generation is not None:
        (tmp_path / "generation_config.json").write_text(json.dumps(generation))
    assert end_tokens(tmp_path, config, SPECIALS) == expected


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "generation_config.json").write_text("[")
    with pytest.raises(ModelError, match=r"generation_config\.json is not valid JSON"):
        end_tokens(tmp_path, {}, SPECIALS)
