"""Which engine the settings ask for."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from codeassist.adapters.checks import require_usable
from codeassist.adapters.serving import base_for_adapters, rank_to_serve
from codeassist.chat.endpoint import wants_engine
from codeassist.directories import runtime_directory, speculation_file
from codeassist.engine.attached import AttachedEngine, probe
from codeassist.engine.backed import BackedEngine, embedded_of
from codeassist.engine.discovery import running_server
from codeassist.engine.embedded import EmbeddedEngine
from codeassist.engine.fallback import FallbackEngine
from codeassist.engine.fields import Fields, Misfit, mapping, number, one_of, optional, text
from codeassist.engine.hardware import has_arctic_inference, vllm_runs_on_cpu
from codeassist.engine.launching import explained, launch_checked
from codeassist.engine.measured import Purpose
from codeassist.engine.remote import RemoteEngine
from codeassist.engine.scripted import SCRIPTED_INFO, Answer, ScriptedEngine, echo
from codeassist.engine.shared import SharedEngine
from codeassist.engine.speculation import require_drafting
from codeassist.engine.stand_in import stand_in_settings
from codeassist.engine.vllm_arguments import HostOptions, further_arguments, n_completions_only, n_requests
from codeassist.errors import ConfigError, EngineCrashed, EngineError, EngineUnavailable, ModelError, RequestRejected
from codeassist.models.chat_template import own_chat_template, read_template, tool_parser
from codeassist.models.directory import (
    ModelDirectory,
    read_chat_model,
    read_model,
    shipped_model,
    template_told_by,
)
from codeassist.models.fitness import require_startable
from codeassist.models.store import resolve_model
from codeassist.protocols import Engine
from codeassist.settings import ChatSettings, EngineSettings
from codeassist.types import ModelInfo

# A remote model of which we know nothing: what every server in use can take.
_REMOTE_CONTEXT_TOKENS = 8192
_REMOTE_PROMPT_TOKENS = 3072
_REMOTE_SEATS = 64

# A caller that says nothing of chats starts an engine that is not made ready for them.
_NO_CHAT = ChatSettings(kind="none")


@dataclass(frozen=True, slots=True)
class ChatOptions:
    """Whether and how an embedded model chats: template "" for its own; tool_parser as vLLM calls it, "" for none."""

    chats: bool = False
    template: str = ""
    tool_parser: str = ""


_SILENT = ChatOptions()

_ERRORS: dict[str, type[EngineError]] = {
    "crashed": EngineCrashed,
    "unavailable": EngineUnavailable,
    "rejected": RequestRejected,
}


def open_engine(
    settings: EngineSettings, *, attach: bool, runtime: Path | None = None, chat: ChatSettings = _NO_CHAT
) -> Engine:
    """The engine, not started yet.

    chat: whether its model is to chat as well, where it can.
    attach: whether kind `auto` may use the user's running `codeassist serve` (which must not attach to itself).
    runtime: where running servers announce themselves; by default the user's runtime directory.
    Raises EngineUnavailable, ModelError or ConfigError, each with the remedy.
    """
    openers: dict[str, Callable[[EngineSettings], Engine]] = {
        "auto": partial(_open_auto, runtime=(runtime or runtime_directory()) if attach else None, chat=chat),
        "embedded": partial(_open_backed, chat=chat),
        "remote": open_remote,
        "scripted": open_scripted,
    }
    if settings.kind not in openers:
        raise ConfigError(f"engine.kind is {settings.kind!r}; it must be one of {', '.join(openers)}")
    return openers[settings.kind](settings)


def seats_of(engine: Engine) -> tuple[int, int]:
    """Requests that an engine works on at the same time, and how many of these must be completions. What another server
    can do is not known: it queues itself."""
    if embedded_of(engine) is None:
        return _REMOTE_SEATS, _REMOTE_SEATS // 4
    on_cpu = vllm_runs_on_cpu()
    return n_requests(on_cpu=on_cpu), n_completions_only(on_cpu=on_cpu)


def open_embedded(settings: EngineSettings, chat: ChatSettings = _NO_CHAT) -> EmbeddedEngine:
    """The model of the settings, a directory or a name, or the shipped model, in vLLM.

    Without vLLM it opens all the same, so that prompts can be explained and code searched; only `start` fails.
    """
    directory = read_model(resolve_model(settings.model, settings.models) if settings.model else shipped_model())
    return _embedded(directory, settings, chat_options(directory.path, chat) if wants_engine(chat) else _SILENT)


def open_chat_engine(settings: EngineSettings, chat: ChatSettings) -> EmbeddedEngine:
    """The model of `chat.directory`, in a vLLM of its own; what is not said for it is as the engine's settings say.

    Raises ModelError, also where it has no chat template.
    """
    directory = read_chat_model(resolve_model(chat.directory, settings.models, "chat.directory"))
    options = chat_options(directory.path, chat)
    if not options.chats:
        raise ModelError(f"{directory.path} has no chat template; set chat.template to the path of one")
    # A head that the settings ask for is that of the engine's own model; this one need not have any.
    speculation = "auto" if settings.speculation == "mtp" and not directory.n_mtp_layers else settings.speculation
    own = replace(settings, context_tokens=0, template="", lora="off", speculation=speculation)
    return _embedded(directory, own, options, "edit")


def chat_options(directory: Path, chat: ChatSettings) -> ChatOptions:
    """How a model chats: by the template of the settings, or by its own. Raises ModelError."""
    file = str(Path(chat.template).expanduser().resolve()) if chat.template else ""
    text = read_template(Path(file), "set chat.template to another file") if file else own_chat_template(directory)
    return ChatOptions(bool(text), file, tool_parser(text))


def _embedded(
    directory: ModelDirectory, settings: EngineSettings, chat: ChatOptions, purpose: Purpose = "completion"
) -> EmbeddedEngine:
    """purpose: what it is mostly asked for, by which it is chosen what drafts."""
    further_arguments(settings.vllm_arguments)  # a slip is told now, not by an engine that does not start
    speculation, n_layers = settings.speculation, directory.n_mtp_layers
    require_drafting(
        speculation, settings.speculative_tokens, n_layers, directory.path, has_suffix=has_arctic_inference()
    )
    longest = max(directory.info.context_tokens, min(settings.context_tokens, directory.longest_tokens))
    adjusted = _adjusted(replace(directory.info, context_tokens=longest), settings)
    info = replace(adjusted, base=base_for_adapters(settings.lora, directory))
    options = _host_options(directory, info, settings, chat, purpose)
    rank = partial(rank_to_serve, settings.lora, directory)
    launch = partial(launch_checked, options, partial(require_startable, directory, info.template, options), rank)
    return EmbeddedEngine(
        info,
        launch,
        chats=chat.chats,
        calls_tools=bool(chat.tool_parser),
        require_usable=partial(require_usable, directory),
        explain=partial(explained, options),
    )


def _host_options(
    directory: ModelDirectory, info: ModelInfo, settings: EngineSettings, chat: ChatOptions, purpose: Purpose
) -> HostOptions:
    return HostOptions(
        model=str(directory.path.resolve()),
        n_mtp_layers=directory.n_mtp_layers,
        context_tokens=info.context_tokens,
        dtype=settings.dtype,
        speculative_tokens=settings.speculative_tokens,
        kv_cache_gib=settings.kv_cache_gib,
        gpu_memory_fraction=settings.gpu_memory_fraction,
        threads=settings.threads,
        quantization=settings.quantization,
        speculation=settings.speculation,
        purpose=purpose,
        measured=str(speculation_file()),
        tensor_parallel=settings.tensor_parallel,
        pipeline_parallel=settings.pipeline_parallel,
        data_parallel=settings.data_parallel,
        expert_parallel=settings.expert_parallel,
        arguments=settings.vllm_arguments,
        name=info.name,
        chats=chat.chats,
        chat_template=chat.template,
        tool_parser=chat.tool_parser,
    )


def open_remote(settings: EngineSettings) -> RemoteEngine | FallbackEngine:
    """Client of the OpenAI-compatible server at `engine.url`; behind it the shipped model, where that is asked for."""
    remote = _open_server(settings)
    if settings.fallback == "none":
        return remote
    return FallbackEngine(remote, partial(open_stand_in, settings))


def open_stand_in(settings: EngineSettings) -> SharedEngine:
    """The shipped model, which is asked no more at the same time than it can do: the seats of whoever asks are those
    of another server."""
    shipped = open_embedded(replace(settings, model="", template="", context_tokens=0))
    return SharedEngine(shipped, *seats_of(shipped))


def _open_server(settings: EngineSettings) -> RemoteEngine:
    address = urlsplit(settings.url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise ConfigError(f"engine.url is {settings.url!r}; it must be like http://127.0.0.1:8000/v1")
    tokenizer = Path(settings.tokenizer).expanduser() if settings.tokenizer else None
    if tokenizer is not None and not tokenizer.is_file():
        raise ModelError(f"engine.tokenizer: {tokenizer} is no file; give the model's tokenizer.json")
    info = ModelInfo(
        name=settings.remote_model or address.hostname,
        template=(template_told_by(tokenizer) if tokenizer and not settings.template else "") or "deepseek",
        context_tokens=settings.context_tokens or _REMOTE_CONTEXT_TOKENS,
        prompt_tokens=_REMOTE_PROMPT_TOKENS,
        tokenizer=tokenizer,
        supports_logprobs=True,
    )
    return RemoteEngine(
        settings.url.rstrip("/"), _adjusted(info, settings), model=settings.remote_model, api_key=settings.api_key
    )


def open_scripted(settings: EngineSettings) -> ScriptedEngine:
    """The fake: answers from the file that `engine.model` names, or made up from the prompt."""
    tokenizer = Path(settings.tokenizer) if settings.tokenizer else None
    info = _adjusted(replace(SCRIPTED_INFO, tokenizer=tokenizer), settings)
    return ScriptedEngine(read_script(Path(settings.model)) if settings.model else echo, info=info)


def read_script(path: Path) -> list[Answer]:
    """The answers of a script: per line a JSON text, or an object {"text", "logprob", "delay_ms", "error"} where the
    error is "crashed", "unavailable" or "rejected". Raises ModelError."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        answers = [_answer(json.loads(line), f"{path}:{n}") for n, line in enumerate(lines, start=1) if line.strip()]
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} is no script for the scripted engine: {error}") from None
    if not answers:
        raise ModelError(f"{path} holds no answers; write one JSON text per line")
    return answers


def _open_auto(settings: EngineSettings, runtime: Path | None, chat: ChatSettings) -> Engine:
    server = running_server(runtime) if runtime is not None else None
    info = probe(server) if server is not None else None
    if server is not None and info is not None and _is_wanted(info, settings):
        return AttachedEngine(server, info)
    return _open_backed(settings, chat)


def _open_backed(settings: EngineSettings, chat: ChatSettings) -> EmbeddedEngine | BackedEngine:
    """The embedded engine; behind it the shipped model, where that is asked for."""
    first = open_embedded(settings, chat)
    if settings.fallback == "none":
        return first
    return BackedEngine(first, lambda: open_embedded(stand_in_settings(settings, on_cpu=vllm_runs_on_cpu())))


def _is_wanted(info: ModelInfo, settings: EngineSettings) -> bool:
    """Whether a running server's model will do: any, unless the settings name one."""
    if not settings.model:
        return True
    return (
        info.tokenizer is not None and info.tokenizer.parent == resolve_model(settings.model, settings.models).resolve()
    )


def _adjusted(info: ModelInfo, settings: EngineSettings) -> ModelInfo:
    """The model as the settings restrict it; the budgets shrink with the context."""
    context = min(settings.context_tokens or info.context_tokens, info.context_tokens)
    completion = min(info.completion_tokens, context // 4)
    return replace(
        info,
        template=settings.template or info.template,
        context_tokens=context,
        completion_tokens=completion,
        prompt_tokens=min(info.prompt_tokens, context - completion),
    )


def _answer(value: object, where: str) -> Answer:
    if isinstance(value, str):
        return Answer(value)
    try:
        fields = Fields(mapping(value), where, ValueError)
    except Misfit as misfit:
        raise ValueError(f"{where} must be a text or {misfit}") from None
    kind = fields.take("error", optional(one_of(_ERRORS)), None)
    answer = Answer(
        text=fields.take("text", text, ""),
        logprob=fields.take("logprob", number, -0.05),
        delay_s=fields.take("delay_ms", number, 0.0) / 1000,
        error=_ERRORS[kind](f"the script at {where} says so") if kind else None,
    )
    fields.finish()
    return answer
