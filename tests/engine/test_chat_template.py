"""Chat templates of model directories."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from codeassist.engine.choose import ChatOptions, chat_options
from codeassist.errors import ModelError
from codeassist.models.chat_template import own_chat_template, tool_parser
from codeassist.settings import ChatSettings

TOOLS = "{% if tools %}"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, ""),
        ({"chat_template": "one"}, "one"),
        ({"chat_template": None}, ""),
        ({"chat_template": [{"name": "rag", "template": "x"}, {"name": "default", "template": "two"}]}, "two"),
        ({"chat_template": ["what"]}, ""),
    ],
)
def test_the_template_stands_in_the_tokenizers_file(tmp_path: Path, config: Any, expected: str) -> None:
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    assert own_chat_template(tmp_path) == expected


def test_a_file_of_its_own_wins(tmp_path: Path) -> None:
    assert own_chat_template(tmp_path) == ""
    (tmp_path / "tokenizer_config.json").write_text('{"chat_template": "one"}')
    (tmp_path / "chat_template.jinja").write_text("two")
    assert own_chat_template(tmp_path) == "two"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("<tool_call>", ""),
        (TOOLS + "<tool_call>{...}</tool_call>", "hermes"),
        (TOOLS + "<tool_call><function=name>", "qwen3_coder"),
        (TOOLS + "<｜tool▁calls▁begin｜>```json", "deepseek_v3"),
        (TOOLS + "<｜tool▁calls▁begin｜>", "deepseek_v31"),
        (TOOLS + "[TOOL_CALLS]", "mistral"),
        (TOOLS + "nothing that is known", ""),
    ],
)
def test_the_template_tells_how_tools_are_called(template: str, expected: str) -> None:
    assert tool_parser(template) == expected


def test_the_settings_template_wins(tmp_path: Path) -> None:
    (tmp_path / "tokenizer_config.json").write_text('{"chat_template": "one"}')
    given = tmp_path / "given.jinja"
    given.write_text(TOOLS + "<tool_call>")
    assert chat_options(tmp_path, ChatSettings()) == ChatOptions(True, "", "")
    assert chat_options(tmp_path, ChatSettings(template=str(given))) == ChatOptions(True, str(given), "hermes")


def test_a_template_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"chat\.template"):
        chat_options(tmp_path, ChatSettings(template=str(tmp_path / "none.jinja")))
