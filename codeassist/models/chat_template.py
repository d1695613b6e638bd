"""The chat template of a model directory, and what it tells of the tool calls that the model writes."""

from __future__ import annotations

from pathlib import Path

from codeassist.errors import ModelError
from codeassist.models.json_files import read_object

# What the template spells -> vLLM's name of the parser that reads it back. The first that fits counts.
# Sources: the parsers' own docstrings in vllm/tool_parsers, and the published templates that they are for.
_TOOL_PARSERS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("<｜tool▁calls▁begin｜>", "```json"), "deepseek_v3"),
    (("<｜tool▁calls▁begin｜>",), "deepseek_v31"),
    (("<|tool_calls_section_begin|>",), "kimi_k2"),
    (("<tool_call>", "<arg_key>"), "glm45"),
    (("<tool_call>", "<function="), "qwen3_coder"),
    (("[TOOL_CALLS]",), "mistral"),
    (("<|python_tag|>",), "llama3_json"),
    (("<|tool_call|>",), "granite"),
    (("<tool_call>",), "hermes"),
)


def own_chat_template(directory: Path) -> str:
    """The model's chat template, "" where it has none. Raises ModelError.

    Where it lies: transformers, "Chat templates"; a file of its own wins over `tokenizer_config.json`.
    """
    file = directory / "chat_template.jinja"
    if file.is_file():
        return read_template(file, "make it readable")
    config = directory / "tokenizer_config.json"
    template = read_object(config).get("chat_template") if config.is_file() else None
    if isinstance(template, list):
        named = {entry.get("name"): entry.get("template") for entry in template if isinstance(entry, dict)}
        template = named.get("default")
    return template if isinstance(template, str) else ""


def read_template(file: Path, remedy: str) -> str:
    """The text of a template file. Raises ModelError."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ModelError(f"{file} cannot be read as a chat template ({error}); {remedy}") from None


def tool_parser(template: str) -> str:
    """Name that vLLM has for the parser of tool calls, "" for a template that spells none that we know."""
    if "tools" not in template:
        return ""
    return next((name for marks, name in _TOOL_PARSERS if all(mark in template for mark in marks)), "")
