"""For which adapters an engine has to be started: one that may be asked for none is quicker."""

from __future__ import annotations

import logging
from pathlib import Path

from codeassist.adapters.checks import adapter_problems, adapter_rank
from codeassist.adapters.fingerprint import base_fingerprint
from codeassist.adapters.registry import registered_folders
from codeassist.adapters.targets import allowed_rank
from codeassist.errors import ModelError
from codeassist.models.directory import ModelDirectory

_log = logging.getLogger(__name__)

# Where there is an adapter, the next one may have a higher rank: most have no higher one than this.
_USUAL_RANK = 16


def named_folder(setting: str) -> Path | None:
    """The folder that `engine.lora` names, absolute; None for `auto` and `off`."""
    return None if setting in ("auto", "off", "") else Path(setting).expanduser().resolve()


def base_for_adapters(setting: str, model: ModelDirectory) -> str:
    """What adapters know the model by, "" where the setting wants none or the model is not whole (which is told when it
    is loaded)."""
    if setting == "off":
        return ""
    try:
        return base_fingerprint(model.path)
    except ModelError:
        return ""


def rank_to_serve(setting: str, model: ModelDirectory) -> int:
    """The `max_lora_rank` to start vLLM with; 0 where no adapter may be asked for.

    Of the registered adapters, those that do not fit are left out, with a line in the log. Raises ModelError for one
    that the setting itself names.
    """
    base, named = base_for_adapters(setting, model), named_folder(setting)
    if named is not None and (problems := list(adapter_problems(named, model))):
        raise ModelError(f"engine.lora: {problems[0]}; or set engine.lora to `auto` or `off`")
    folders = [named] if named is not None else [folder for folder in registered_folders(base) if _fits(folder, model)]
    return allowed_rank(max([_USUAL_RANK, *map(adapter_rank, folders)])) if folders and base else 0


def _fits(folder: Path, model: ModelDirectory) -> bool:
    problem = next(adapter_problems(folder, model), "")
    if problem:
        _log.warning("an adapter is not used: %s", problem)
    return not problem
