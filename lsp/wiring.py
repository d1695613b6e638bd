"""What the composition root gives to the Language Server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from codeassist.settings import Settings
from lsp.backend import OpenAssistant


class LoadSettings(Protocol):
    """Reads a folder's settings anew."""

    def __call__(self, workspace: Path, overrides: Mapping[str, object], warn: Callable[[str], None], /) -> Settings:
        """By all files, the environment and the editor's overrides (dotted names, which win); called in a thread.

        warn: for what was not applied. Raises ConfigError.
        """
        ...


@dataclass(frozen=True, slots=True)
class Wiring:
    """settings: those that are known before the editor has said a word.

    statistics: the file of the local statistics, None where none are kept.
    """

    open_assistant: OpenAssistant
    load_settings: LoadSettings
    settings: Settings
    statistics: Path | None = None
