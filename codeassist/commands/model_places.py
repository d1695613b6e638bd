"""Models as commands name them: a folder, or the name of one that was fetched or imported."""

from __future__ import annotations

from pathlib import Path

from codeassist.commands.front import Front
from codeassist.commands.opening import settings_for
from codeassist.settings import EngineSettings


def model_folder(front: Front, given: str | Path, overrides: list[str] | None = None) -> Path:
    """The folder of an option like `--model`, by the settings' folder of models. Raises ModelError, ConfigError."""
    from codeassist.models.store import resolve_model

    settings = settings_for(front, None, overrides).settings
    return resolve_model(str(given), settings.engine.models, "--model", front.cwd)


def models_of(front: Front, overrides: list[str] | None) -> Path:
    """Where models lie under their names."""
    from codeassist.models.store import models_folder

    return models_folder(settings_for(front, None, overrides).settings.engine.models)


def settings_model(engine: EngineSettings) -> Path:
    """The folder of the model that completes by the settings. Raises ModelError."""
    from codeassist.models.directory import shipped_model
    from codeassist.models.store import resolve_model

    return resolve_model(engine.model, engine.models) if engine.model else shipped_model()
