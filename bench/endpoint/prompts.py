"""Prompts that no two requests share: windows of the standard library's code."""

from __future__ import annotations

import random
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CHARACTERS = 1200
MODULES = ("argparse", "ast", "difflib", "inspect", "pickle", "tarfile", "turtle", "typing", "zipfile", "doctest")


def prompts(seed: int, n_characters: int = CHARACTERS) -> Iterator[str]:
    """Without end; same seed, same prompts."""
    folder = Path(sysconfig.get_path("stdlib"))
    texts = [(folder / f"{module}.py").read_text(encoding="utf-8") for module in MODULES]
    chance = random.Random(seed)
    while True:
        text = chance.choice(texts)
        start = chance.randrange(len(text) - n_characters)
        yield text[start : start + n_characters]


def raw(prompt: str, max_tokens: int) -> dict[str, Any]:
    """A prompt to be continued as it is, streamed, as every server of OpenAI's dialect takes it."""
    return {
        "prompt": prompt,
        "max_tokens": max_tokens,
        "temperature": 0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def gap(prompt: str, max_tokens: int) -> dict[str, Any]:
    """The middle of a text, to be filled."""
    middle = len(prompt) * 2 // 3
    return {"prompt": prompt[:middle], "suffix": prompt[middle:], "max_tokens": max_tokens, "stream": True}
