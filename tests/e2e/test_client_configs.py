"""Editors that no package registry has: their configurations are read, and the requests that they build are made.

What each of them sends and insists on is read from its public source.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.client_server import EXPECTED, PREFIX, SUFFIX, ClientServer
from tests.e2e.config_reading import codecompanion_options, minuet_options, vim_variable
from tests.e2e.neovim_tools import nvim_or_skip

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

FOLDER = Path(__file__).resolve().parents[2] / "extension-config"
QUESTION = "Say hello to the editor."
ANSWER = "Hello, editor."


def configured(name: str, server: ClientServer, folder: Path) -> Path:
    file = folder / Path(name).name
    file.write_text(server.configured((FOLDER / name).read_text(encoding="utf-8")), encoding="utf-8")
    return file


def settings(name: str, server: ClientServer) -> dict[str, Any]:
    return dict(json.loads(server.configured((FOLDER / name).read_text(encoding="utf-8"))))


def chatted(url: str, body: dict[str, Any], server: ClientServer) -> str:
    """What a chat route answers, streamed or not."""
    server.chat.answers[QUESTION] = ANSWER
    response = httpx.post(url, json={"messages": [{"role": "user", "content": QUESTION}], **body}, timeout=60)
    response.raise_for_status()
    if not body["stream"]:
        return str(response.json()["choices"][0]["message"]["content"])
    events = [line.removeprefix("data: ") for line in response.text.splitlines() if line.startswith("data: ")]
    assert events.pop() == "[DONE]"
    deltas = [choice["delta"] for event in events for choice in json.loads(event)["choices"]]
    return "".join(delta.get("content") or "" for delta in deltas)


# By Zed's `prompt_format`: how the prompt is written, and what ends the answer.
FORMATS = {
    "code_llama": ("<PRE> {prefix} <SUF>{suffix} <MID>", ["<PRE>", "<SUF>", "<MID>"]),
    "star_coder": (
        "<fim_prefix>{prefix}<fim_suffix>{suffix}<fim_middle>",
        ["<|endoftext|>", "<fim_prefix>", "<fim_middle>", "<fim_suffix>"],
    ),
    "deepseek_coder": (
        "<｜fim▁begin｜>{prefix}<｜fim▁hole｜>{suffix}<｜fim▁end｜>",
        ["<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"],
    ),
    "qwen": (
        "<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>",
        ["<|endoftext|>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>"],
    ),
    "code_gemma": (
        "<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>",
        ["<|file_separator|>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>"],
    ),
    "codestral": ("[SUFFIX]{suffix}[PREFIX]{prefix}", ["[PREFIX]", "[SUFFIX]"]),
}


class TestZed:
    """crates/edit_prediction/src/{fim,open_ai_compatible}.rs, crates/open_ai/src/open_ai.rs."""

    def given(self, server: ClientServer) -> dict[str, Any]:
        predictions = settings("zed/settings.json", server)["edit_predictions"]
        assert predictions["provider"] == "open_ai_compatible_api"
        return dict(predictions["open_ai_compatible_api"])

    def test_the_format_that_is_configured_is_one_of_zeds(self, client_server: ClientServer) -> None:
        assert self.given(client_server)["prompt_format"] in FORMATS

    @pytest.mark.parametrize("prompt_format", FORMATS)
    def test_an_edit_is_predicted(self, prompt_format: str, client_server: ClientServer) -> None:
        given = self.given(client_server)
        form, stop = FORMATS[prompt_format]
        body = {
            "model": given["model"],
            "prompt": form.format(prefix=PREFIX, suffix=SUFFIX),
            "max_tokens": given["max_output_tokens"],
            "stop": stop,
        }
        response = httpx.post(given["api_url"], json=body, timeout=60)
        answer = response.raise_for_status().json()
        assert answer["choices"][0]["text"].startswith(EXPECTED)
        # Zed gives up on an answer in which one of these is missing or of another type.
        types = {"id": str, "object": str, "created": int, "model": str}
        assert {key: type(answer[key]) for key in types} == types
        usage = ("prompt_tokens", "completion_tokens", "total_tokens")
        assert all(type(answer["usage"][key]) is int for key in usage)

    def test_the_agent_chats(self, client_server: ClientServer) -> None:
        given = settings("zed/settings.json", client_server)["language_models"]["openai_compatible"]["local-codeassist"]
        (model,) = given["available_models"]
        body = {
            "model": model["name"],
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_completion_tokens": model["max_output_tokens"],
            "temperature": 1.0,
        }
        assert chatted(f"{given['api_url']}/chat/completions", body, client_server) == ANSWER


# Of both llama.cpp clients; `prompt` is the line up to the cursor.
BEFORE, LINE = PREFIX[: PREFIX.rfind("\n") + 1], PREFIX[PREFIX.rfind("\n") + 1 :]
INFILL = {
    "id_slot": 0,
    "input_prefix": BEFORE,
    "input_suffix": SUFFIX,
    "input_extra": [],
    "prompt": LINE,
    "n_predict": 128,
    "n_indent": 8,
    "top_k": 40,
    "samplers": ["top_k", "top_p", "infill"],
    "stream": False,
    "cache_prompt": True,
    "t_max_prompt_ms": 500,
    "t_max_predict_ms": 2000,
}
FIELDS = ["content", "timings/prompt_n", "timings/predicted_per_second", "truncated", "tokens_cached"]


class TestLlamaVim:
    """autoload/llama.vim."""

    def given(self, server: ClientServer, folder: Path) -> dict[str, str]:
        script = configured("llama.vim/codeassist.vim", server, folder)
        return dict(vim_variable(nvim_or_skip("0.11"), script, "llama_config"))

    def test_a_gap_is_filled(self, client_server: ClientServer, tmp_path: Path) -> None:
        body = {**INFILL, "stop": [], "top_p": 0.9, "response_fields": FIELDS, "model": ""}
        response = httpx.post(self.given(client_server, tmp_path)["endpoint_fim"], json=body, timeout=60)
        # The plugin looks for this in the text of the answer before it reads it as JSON.
        assert re.search(r'"content"\s*:"', response.raise_for_status().text)
        assert response.json()["content"].startswith(EXPECTED)
        assert {"timings/prompt_n", "timings/predicted_per_second", "truncated", "tokens_cached"} <= set(
            response.json()
        )

    def test_an_instruction_is_answered_after_a_warm_up_that_generates_nothing(
        self, client_server: ClientServer, tmp_path: Path
    ) -> None:
        url = self.given(client_server, tmp_path)["endpoint_inst"]
        warm_up = {
            "id_slot": 0,
            "samplers": [],
            "n_predict": 0,
            "cache_prompt": True,
            "response_fields": [""],
            "model": "",
        }
        n_asked = len(client_server.chat.asked)
        chatted(url, {**warm_up, "model": "", "stream": False}, client_server)
        assert len(client_server.chat.asked) == n_asked
        asked = {
            "id_slot": 0,
            "min_p": 0.1,
            "temperature": 0.1,
            "samplers": ["min_p", "temperature"],
            "cache_prompt": True,
            "model": "",
        }
        assert chatted(url, {**asked, "stream": True}, client_server) == ANSWER


class TestLlamaVscode:
    """src/llama-server.ts."""

    def given(self, server: ClientServer) -> dict[str, Any]:
        return {key.partition(".")[2]: value for key, value in settings("llama.vscode/settings.json", server).items()}

    def test_a_gap_is_filled(self, client_server: ClientServer) -> None:
        url = f"{self.given(client_server)['endpoint'].rstrip('/')}/infill"
        warm_up = {
            **INFILL,
            "input_prefix": "",
            "input_suffix": "",
            "prompt": "",
            "n_predict": 0,
            "t_max_predict_ms": 1,
        }
        assert httpx.post(url, json=warm_up, timeout=60).raise_for_status().json()["content"] == ""
        body = {**INFILL, "n_cmpl": 3, "top_p": 0.99, "model": "codeassist"}
        answers = httpx.post(url, json=body, timeout=60).raise_for_status().json()
        assert answers[0]["content"].startswith(EXPECTED)

    def test_its_server_is_well(self, client_server: ClientServer) -> None:
        url = f"{self.given(client_server)['endpoint']}/health"
        assert httpx.get(url, timeout=10).raise_for_status().json()["status"] in ("ok", "ready")

    def test_vectors_come(self, client_server: ClientServer) -> None:
        url = f"{self.given(client_server)['endpoint_embeddings'].rstrip('/')}/v1/embeddings"
        body = {"input": "class Order: ...", "model": "codeassist-vectors", "encoding_format": "float"}
        (found,) = httpx.post(url, json=body, timeout=60).raise_for_status().json()["data"]
        assert all(type(number) is float for number in found["embedding"])

    def test_an_edit_is_written(self, client_server: ClientServer) -> None:
        url = f"{self.given(client_server)['endpoint_chat']}/v1/chat/completions"
        body = {"stream": False, "cache_prompt": True, "temperature": 0.8, "top_p": 0.95, "model": "codeassist-chat"}
        assert chatted(url, body, client_server) == ANSWER


class TestMinuet:
    """lua/minuet/backends/openai_base.lua, openai_fim_compatible.lua."""

    def test_as_many_gaps_are_filled_as_are_asked_for(self, client_server: ClientServer, tmp_path: Path) -> None:
        script = configured("minuet/codeassist.lua", client_server, tmp_path)
        options = minuet_options(nvim_or_skip("0.11"), script)
        assert options["provider"] == "openai_fim_compatible"
        given = options["provider_options"]["openai_fim_compatible"]
        body = {
            **given["optional"],
            "model": given["model"],
            "stream": given["stream"],
            "prompt": f"# language: python\n# indentation: use 4 spaces for a tab\n{PREFIX}",
            "suffix": SUFFIX.rstrip("\n"),
        }
        for _ in range(options["n_completions"]):
            text = httpx.post(given["end_point"], json=body, timeout=60).raise_for_status().text
            events = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: {")]
            choices = [choice for event in events for choice in json.loads(event)["choices"]]
            assert "".join(choice["text"] for choice in choices).startswith(EXPECTED)


class TestCodeCompanion:
    """lua/codecompanion/adapters/http/openai_compatible.lua."""

    def test_it_chats(self, client_server: ClientServer, tmp_path: Path) -> None:
        script = configured("codecompanion/codeassist.lua", client_server, tmp_path)
        options = codecompanion_options(nvim_or_skip("0.11"), script)
        base, given = options["adapter"]
        assert base == "openai_compatible"
        assert {use["adapter"] for use in options["interactions"].values()} == {"codeassist"}
        body = {"model": given["schema"]["model"]["default"], "stream": True, "stream_options": {"include_usage": True}}
        assert chatted(f"{given['env']['url']}/v1/chat/completions", body, client_server) == ANSWER
