"""The models that this installation has: in the package, fetched or imported, and named by the settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from codeassist.errors import ModelError
from codeassist.models.chat_template import own_chat_template
from codeassist.models.directory import (
    NoFillInTheMiddle,
    read_chat_model,
    read_model,
    shipped_embedder,
    shipped_model,
)
from codeassist.models.json_files import read_json
from codeassist.models.layouts import architecture_of
from codeassist.models.store import models_folder, resolve_model, stored_models
from codeassist.models.weights import loaded_files

Use = Literal["engine.model", "index.embedder"]


@dataclass(frozen=True, slots=True)
class ModelPlace:
    """A model directory and what it is for. is_shipped: it came with the package. is_in_use: by the settings.
    called: its name in settings and commands, "" where it has none. absence: why it is not there, "" where it may be.
    """

    path: Path
    use: Use
    is_shipped: bool
    is_in_use: bool
    called: str = ""
    absence: str = ""


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """What a model is, at a glance. problem: "" when it could be read."""

    name: str
    architecture: str
    context_tokens: int | None
    weight_bytes: int
    problem: str


def find_models(model: str, embedder: str, models: str) -> list[ModelPlace]:
    """The shipped models, the configured ones and those that have a name.

    model, embedder: by the settings, "" for the shipped; models: the folder where models lie by their names.
    """
    configured, absence = _configured_model(model, models)
    places = _places("engine.model", configured, shipped_model(), absence)
    known = {place.path.resolve() for place in places}
    stored = stored_models(models_folder(models))
    named = [path for path in stored if path.resolve() not in known]
    return [
        *(replace(place, called=place.path.name) if place.path in stored else place for place in places),
        *(ModelPlace(path, "engine.model", is_shipped=False, is_in_use=False, called=path.name) for path in named),
        *_places("index.embedder", Path(embedder).expanduser() if embedder else None, shipped_embedder(), ""),
    ]


def is_embedder(path: Path) -> bool:
    """Whether the directory is one of sentence-transformers."""
    return (path / "modules.json").exists() or (path / "config_sentence_transformers.json").exists()


def summarise(place: ModelPlace) -> ModelSummary:
    """What the directory holds, read in milliseconds."""
    path = place.path
    if place.absence:
        return ModelSummary(path.name, "", None, 0, place.absence)
    try:
        return _embedder_summary(path) if is_embedder(path) else _model_summary(path)
    except ModelError as error:
        return ModelSummary(path.name, "", None, 0, str(error))


def _configured_model(model: str, models: str) -> tuple[Path | None, str]:
    """The directory of the setting, and why it is not there."""
    if not model:
        return None, ""
    try:
        return resolve_model(model, models), ""
    except ModelError as error:
        return models_folder(models) / model, str(error)


def _places(use: Use, configured: Path | None, shipped: Path, absence: str) -> list[ModelPlace]:
    other = configured.absolute() if configured is not None else shipped
    is_other = other.resolve() != shipped.resolve()
    places = [ModelPlace(shipped, use, is_shipped=True, is_in_use=not is_other)]
    return [*places, ModelPlace(other, use, False, True, absence=absence)] if is_other else places


def _model_summary(path: Path) -> ModelSummary:
    try:
        model = read_model(path)
    except NoFillInTheMiddle:
        if not own_chat_template(path):
            raise
        model = read_chat_model(path)
    architecture = architecture_of(model.config) or model.model_type
    return ModelSummary(model.info.name, architecture, model.info.context_tokens, model.weight_bytes, "")


def _embedder_summary(path: Path) -> ModelSummary:
    config = read_json(path / "config.json") if (path / "config.json").exists() else {}
    modules = read_json(path / "modules.json") if (path / "modules.json").exists() else []
    longest = config.get("max_position_embeddings") if isinstance(config, dict) else None
    architecture = (architecture_of(config) if isinstance(config, dict) else "") or _first_module(modules)
    n_bytes = sum(file.stat().st_size for file in loaded_files(path) if file.exists())
    return ModelSummary(path.name, architecture, longest if isinstance(longest, int) else None, n_bytes, "")


def _first_module(modules: object) -> str:
    """The class of the first module: `StaticEmbedding`."""
    first = modules[0] if isinstance(modules, Sequence) and modules else {}
    kind = first.get("type") if isinstance(first, dict) else None
    return kind.rpartition(".")[2] if isinstance(kind, str) else ""
