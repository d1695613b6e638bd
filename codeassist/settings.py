"""Every setting, its default and its meaning. Read once; functions receive the values they need, not `Settings`.

Where values come from and who wins is `configuration.py`'s work; this module only says what there is.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any


def _setting(default: Any, doc: str) -> Any:
    return field(default=default, metadata={"doc": doc})


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Where tokens come from. None of these may be set by a project's file: they decide where code is sent."""

    kind: str = _setting(
        "auto", "`auto` (attach to a running `codeassist serve`, else embed), `embedded`, `remote` or `scripted`"
    )
    model: str = _setting(
        "", "model directory, or the name of a published model (`codeassist models known`); empty means the small one"
    )
    models: str = _setting("", "folder for models that are fetched; empty means `$XDG_DATA_HOME/codeassist/models`")
    url: str = _setting(
        "", "base address of an OpenAI-compatible server for `remote`, for example `http://127.0.0.1:8000/v1`"
    )
    remote_model: str = _setting("", "model name to send to the remote server; empty means the first that it lists")
    api_key: str = _setting("", "key for the remote server; better given as CODEASSIST_ENGINE_API_KEY than in a file")
    template: str = _setting(
        "", "FIM template; empty means the one whose tokens the model has, `deepseek` where nobody can tell"
    )
    tokenizer: str = _setting(
        "", "path of the remote model's tokenizer.json; without it budgets are estimated and prompts sent as text"
    )
    dtype: str = _setting("auto", "`auto`, `float32`, `bfloat16` or `float16`")
    context_tokens: int = _setting(0, "longest prompt plus answer; 0 means what the model says")
    quantization: str = _setting(
        "", "weights that are converted as they load, for example `fp8`; empty keeps them as the checkpoint has them"
    )
    speculation: str = _setting(
        "auto",
        "what drafts tokens: `mtp` (the model's own head), `ngram` or `suffix` (the text so far), `none`; `auto` is what `codeassist mtp measure` chose, else the head where there is one",
    )
    speculative_tokens: int = _setting(
        -1,
        "tokens that are drafted per step; 0 turns it off, -1 means what was measured, else 1 on a GPU and 0 on a CPU",
    )
    tensor_parallel: int = _setting(1, "GPUs that share each layer")
    pipeline_parallel: int = _setting(1, "groups of GPUs that each hold a part of the layers")
    data_parallel: int = _setting(1, "copies of the model that share the requests")
    expert_parallel: bool = _setting(False, "whether GPUs hold whole experts instead of a slice of each")
    lora: str = _setting(
        "auto",
        "adapters of the model: `auto` (in each repository the one that `codeassist adapt` enabled), `off`, or the folder of one to use everywhere",
    )
    vllm_arguments: tuple[str, ...] = _setting(
        (), "more engine arguments of vLLM, as `name=value` with the value in JSON or as text; they replace ours"
    )
    kv_cache_gib: float = _setting(0.0, "memory for the KV cache on a CPU, in GiB; 0 decides by the memory there is")
    gpu_memory_fraction: float = _setting(0.85, "share of the GPU's memory that the engine may take")
    threads: int = _setting(0, "CPU threads of the embedded engine; 0 means all physical cores")
    fallback: str = _setting(
        "none",
        "what answers where a remote engine does not, or an embedded one cannot start: `none`, or `shipped`, the small model in the package; each answer and the status name it",
    )


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """What is indexed, and where the index lives."""

    directory: str = _setting("", "folder for indexes; empty means `$XDG_CACHE_HOME/codeassist/index`")
    vectors: bool = _setting(True, "embed chunks for search by meaning (needs the `cpu` or `gpu` extra)")
    embedder: str = _setting("", "sentence-transformers model directory; empty means the one in the package")
    max_file_kb: int = _setting(1024, "larger files are skipped")
    exclude: tuple[str, ...] = _setting((), "more files to leave out, as .gitignore patterns")
    dependencies: bool = _setting(
        True, "show signatures of installed libraries that a file imports (site-packages, node_modules, Go, Cargo)"
    )
    environment: str = _setting(
        "", "folder of the Python environment; empty means the workspace's own, else the one that is active"
    )


@dataclass(frozen=True, slots=True)
class CompletionSettings:
    """How a suggestion is made."""

    enabled: bool = _setting(True, "whether anything is suggested")
    prompt_tokens: int = _setting(0, "token budget of the whole prompt; 0 means what the model advises")
    context_share: float = _setting(
        0.45, "share of the prompt budget for code from elsewhere, which may take what the file leaves besides"
    )
    suffix_share: float = _setting(0.2, "share of the prompt budget for the code below the cursor")
    max_tokens: int = _setting(0, "longest suggestion in tokens; 0 means what the model advises")
    max_lines: int = _setting(12, "longest suggestion in lines")
    retrieve_deadline_ms: int = _setting(50, "context that arrives later than this waits for the next keystroke")
    min_confidence: float = _setting(
        -1.0, "least probability (0 to 1) of the first line; 0 shows everything, -1 means the model's calibrated gate"
    )
    debounce_ms: int = _setting(
        -1, "wait after a key before the engine is asked; -1 goes by your typing rhythm and the engine's latency"
    )
    alternatives: int = _setting(3, "how many different suggestions there may be when you ask for one")
    ahead: bool = _setting(True, "compute what follows a suggestion before it is accepted, while nothing else runs")
    languages_off: tuple[str, ...] = _setting((), 'languages without suggestions, for example `["markdown"]`')
    as_list_entries: str = _setting(
        "auto", "suggestions as entries of the completion list: `auto` (in editors without ghost text), `on` or `off`"
    )


@dataclass(frozen=True, slots=True)
class StatisticsSettings:
    """What became of suggestions, counted on this machine for its user; it is never sent."""

    enabled: bool = _setting(
        True, "count what is suggested, accepted and kept, without any text; `codeassist stats` shows it"
    )


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """The model that writes docstrings, tests, fixes and rewrites, and answers `/v1/chat/completions`. None of these may be set by a project's file."""

    kind: str = _setting(
        "auto",
        "`remote`, `embedded` (the model of `chat.directory`, or the engine's own), `scripted` or `none`; `auto` is `remote` where `chat.url` is set, else `embedded` where there is a directory or a chat template",
    )
    url: str = _setting(
        "",
        "base address of an OpenAI-compatible server with a chat model, for example `http://127.0.0.1:8000/v1`",
    )
    model: str = _setting("", "model name to send to that server; empty means the first that it lists")
    api_key: str = _setting("", "key for that server; better given as CODEASSIST_CHAT_API_KEY than in a file")
    directory: str = _setting(
        "", "directory or name of a chat model that `codeassist serve` runs itself; empty means the engine's own model"
    )
    template: str = _setting(
        "", "path of a chat template (Jinja) for a model that has none of its own, or in place of that"
    )
    fallback: str = _setting(
        "none", "what answers where a remote chat model does not: `none`, or `embedded`, as `chat.directory` says"
    )
    max_tokens: int = _setting(2048, "longest answer in tokens")
    timeout_s: float = _setting(120.0, "seconds without a word of an answer after which it is given up")


@dataclass(frozen=True, slots=True)
class ReviewSettings:
    """What is found in the code without being asked, and what `codeassist review` looks for in a change."""

    diagnostics: bool = _setting(True, "whether findings are shown in the editor as diagnostics")
    on_save: bool = _setting(False, "look at what is not committed on every save, as far as that needs no model")
    passes: tuple[str, ...] = _setting(
        ("static", "vulnerabilities", "surprise", "model"),
        "what a review consists of; a pass that needs what is not there (an engine, a chat model) says so",
    )
    fail_on: str = _setting(
        "error", "findings from which on `codeassist review` exits with 1: `error`, `warning`, `note` or `never`"
    )
    max_seconds: float = _setting(60.0, "a review ends after so many seconds with what it has by then")
    start_engine: bool = _setting(
        False, "whether `codeassist review` may load a model where no `codeassist serve` runs whose engine it can use"
    )
    surprise_tokens: int = _setting(
        3000, "tokens that the pass `surprise` may have the model read; a function of 20 lines costs some 700 of them"
    )
    max_per_file: int = _setting(5, "findings shown of one file; the gravest are")
    min_confidence: float = _setting(0.5, "findings less sure than this (0 to 1) are not shown")
    max_file_kb: int = _setting(1024, "added files that are larger than this are told of")
    advisories: str = _setting(
        "",
        "file (JSON, or a zip or tar of such) or folder with advisories in the OSV format, for dependencies that a change adds; nothing is fetched",
    )
    semgrep_rules: str = _setting(
        "", "file or folder of semgrep rules that changed files are looked through with; semgrep must be installed"
    )
    prompt_tokens: int = _setting(
        6000, "longest question to the chat model about a change, in tokens as they are estimated"
    )


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The HTTP endpoint."""

    host: str = _setting(
        "127.0.0.1", "address to listen on; `0.0.0.0` is every one. Other than loopback only with an API key"
    )
    port: int = _setting(8311, "port to listen on")
    require_key: bool = _setting(
        False,
        "ask for an API key (`codeassist keys add NAME`) on loopback, too; on any other address it is always asked for",
    )
    allowed_hosts: tuple[str, ...] = _setting(
        (), 'more names that clients may call the server by, for example `["assist.example.org"]`'
    )
    tls_certificate: str = _setting("", "PEM file of the certificate chain, to serve HTTPS; empty means HTTP")
    tls_key: str = _setting("", "PEM file of its private key; empty means that the certificate's file holds it, too")
    requests_per_minute: int = _setting(
        0, "requests that one client may send in a minute, at once or spread; 0 sets no limit"
    )
    max_body_mib: int = _setting(8, "requests with a larger body are refused")
    drain_s: float = _setting(10.0, "seconds that running answers get to end once the server was told to")
    context: bool = _setting(
        True, "add code of the repository to the texts of clients that send none; a request may say no"
    )
    price_input: float = _setting(
        0.0, "what a provider asks for a million tokens of prompt; the dashboard counts what you save by it, 0 does not"
    )
    price_output: float = _setting(0.0, "the same for a million tokens of answer")


@dataclass(frozen=True, slots=True)
class ShadowSettings:
    """A second engine that is asked a share of the same gaps, to be compared and never shown; `codeassist shadow` tells
    how it did. None of these may be set by a project's file: they decide where code is sent."""

    share: float = _setting(0.0, "share (0 to 1) of the gaps that the second engine is asked too; 0 asks it nothing")
    kind: str = _setting("remote", "`remote` or `embedded` (on this machine; it waits while anybody else asks)")
    model: str = _setting(
        "", "directory or name of the second engine's model, when it is embedded; empty means the shipped one"
    )
    url: str = _setting("", "base address of an OpenAI-compatible server, for example `http://127.0.0.1:8000/v1`")
    remote_model: str = _setting("", "model name to send to that server; empty means the first that it lists")
    api_key: str = _setting("", "key for that server; better given as CODEASSIST_SHADOW_API_KEY than in a file")
    template: str = _setting(
        "", "FIM template of its model; empty means the directory's own, `deepseek` for a remote one"
    )
    tokenizer: str = _setting("", "tokenizer.json of a remote model, for exact budgets; empty estimates them")
    keep_text: bool = _setting(False, "keep prompts and both answers in the log of comparisons; else only figures")
    price_input: float = _setting(0.0, "what the second engine costs for a million tokens of prompt")
    price_output: float = _setting(0.0, "the same for a million tokens of answer")


@dataclass(frozen=True, slots=True)
class LogSettings:
    """Logs go to stderr, or to a file; never to stdout."""

    level: str = _setting("info", "`debug` (source text may appear), `info`, `warning` or `error`")
    file: str = _setting("", "log file; empty means stderr")
    requests: str = _setting("", "file for one line of JSON for each request of the HTTP endpoint; empty means none")
    texts: bool = _setting(False, "texts of prompts and answers may stand in that file, and in messages of the log")


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, one section per table of the TOML files."""

    engine: EngineSettings = field(default_factory=EngineSettings)
    index: IndexSettings = field(default_factory=IndexSettings)
    completion: CompletionSettings = field(default_factory=CompletionSettings)
    statistics: StatisticsSettings = field(default_factory=StatisticsSettings)
    chat: ChatSettings = field(default_factory=ChatSettings)
    review: ReviewSettings = field(default_factory=ReviewSettings)
    server: ServerSettings = field(default_factory=ServerSettings)
    shadow: ShadowSettings = field(default_factory=ShadowSettings)
    log: LogSettings = field(default_factory=LogSettings)


# A project's file travels with a stranger's repository: it may narrow what is indexed and shown, and nothing else.
PROJECT_SETTINGS = frozenset(
    {
        "index.vectors",
        "index.max_file_kb",
        "index.exclude",
        "index.dependencies",
        "completion.enabled",
        "completion.max_lines",
        "completion.languages_off",
        "review.diagnostics",
        "review.on_save",
        "review.passes",
        "review.max_per_file",
        "review.min_confidence",
        "review.max_file_kb",
    }
)


def documented_settings() -> dict[str, str]:
    """Meaning of every setting by its dotted name, in order."""
    sections = fields(Settings)
    defaults = Settings()
    return {
        f"{section.name}.{setting.name}": setting.metadata["doc"]
        for section in sections
        for setting in fields(getattr(defaults, section.name))
    }
