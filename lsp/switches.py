"""What the user has switched off for this session: everything, a language, or everything for some minutes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from codeassist.settings import CompletionSettings
from lsp.place import core_language

# Whoever wants to be left alone for longer switches off.
MAX_SNOOZE_MINUTES = 7 * 24 * 60


class Switches:
    """On, off and snoozed. What is said here counts before the settings, until these are changed."""

    def __init__(
        self,
        changed: Callable[[], object],
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """changed: called when a snooze has ended by itself. clock: seconds since 1970."""
        self._changed = changed
        self._clock = clock
        self._sleep = sleep
        self._is_enabled: bool | None = None
        self._languages: dict[str, tuple[str, bool]] = {}
        self._snoozed_until: float | None = None

    def switch(self, language: str | None, is_on: bool) -> None:
        """Switch a language on or off, by any of its names; None is everything."""
        if language is None:
            self._is_enabled = is_on
        else:
            self._languages[core_language(language)] = (language, is_on)

    def forget(self) -> None:
        """The settings are others: they count again."""
        self._is_enabled, self._languages = None, {}

    def snooze(self, minutes: float) -> None:
        """Be silent for so long; 0 ends it."""
        self._snoozed_until = self._clock() + 60 * minutes if minutes else None

    async def wake(self) -> None:
        """Wait for the end of the snooze that began last, and say that it is over."""
        until = self._snoozed_until
        while until is not None and (left := until - self._clock()) > 0:
            await self._sleep(left)
            if self._snoozed_until != until:
                return
        if until is not None and self._snoozed_until == until:
            self._snoozed_until = None
            self._changed()

    def applied(self, settings: CompletionSettings) -> CompletionSettings:
        """The settings as they count with what is switched here; languages by the core's names."""
        enabled = settings.enabled if self._is_enabled is None else self._is_enabled
        return replace(settings, enabled=enabled, languages_off=tuple(map(core_language, self._off(settings))))

    def status(self, settings: CompletionSettings) -> dict[str, Any]:
        """The session's part of the status."""
        return {
            "enabled": self.applied(settings).enabled,
            "languages_off": list(self._off(settings)),
            "snoozed_until": self._snoozed_until,
        }

    def silence(self, settings: CompletionSettings, language: str, *, invoked: bool) -> str | None:
        """Why nothing is suggested now in a document of this language, or None. A snooze is not for who asks."""
        applied = self.applied(settings)
        if not applied.enabled:
            return "suggestions are off"
        if core_language(language) in applied.languages_off:
            return f"suggestions are off for {language or 'plain text'}"
        is_snoozed = self._snoozed_until is not None and self._clock() < self._snoozed_until
        return "suggestions are snoozed" if is_snoozed and not invoked else None

    def _off(self, settings: CompletionSettings) -> tuple[str, ...]:
        """The languages without suggestions, each by the name that the user gave it."""
        stay = [name for name in settings.languages_off if core_language(name) not in self._languages]
        return (*stay, *(name for name, is_on in self._languages.values() if not is_on))
