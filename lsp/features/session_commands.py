"""The commands by which a user steers the session: on and off, snooze, the index, and what is known of suggestions."""

from __future__ import annotations

import asyncio
from typing import Any

from pygls.exceptions import JsonRpcInvalidParams

from lsp.json_parts import flag_in, number_in, part, text_in
from lsp.language_server import CodeassistServer
from lsp.suggestions import why
from lsp.switches import MAX_SNOOZE_MINUTES
from lsp.workspace import path_of

WHY = "codeassist.why"
SET_ENABLED = "codeassist.setEnabled"
SNOOZE = "codeassist.snooze"
REFRESH_INDEX = "codeassist.refreshIndex"
STATISTICS = "codeassist.statistics"

DAYS = 30
MAX_DAYS = 3650


def register_session_commands(server: CodeassistServer) -> None:
    """Announce them."""

    @server.command(WHY)
    def tell_why(*arguments: Any) -> dict[str, Any] | None:
        uri = _uri(arguments) or server.suggestions.last_uri
        return _why(server, uri) if uri is not None else None

    @server.command(SET_ENABLED)
    def set_enabled(*arguments: Any) -> dict[str, Any]:
        server.switches.switch(*_switched(arguments))
        server.configuration.apply()
        return server.tell_status()

    @server.command(SNOOZE)
    def snooze(*arguments: Any) -> dict[str, Any]:
        server.switches.snooze(_minutes(arguments))
        server.background.start(server.switches.wake(), "ending the snooze")
        return server.tell_status()

    @server.command(REFRESH_INDEX)
    def refresh_index(*_: Any) -> None:
        for folder in server.backend.folders:
            if folder.is_failed:
                server.backend.begin(folder)
            folder.refresh_visibly()

    @server.command(STATISTICS)
    async def statistics(*arguments: Any) -> dict[str, Any]:
        return await asyncio.to_thread(server.outcomes.report, _days(arguments))


def _why(server: CodeassistServer, uri: str) -> dict[str, Any] | None:
    if (silent := server.suggestions.why_silent(uri)) is not None:
        return silent
    path = path_of(uri)
    folder = server.backend.folder_of(path)
    assistant = folder.assistant if folder else None
    outcome = assistant.last_suggestion(assistant.relative(path)) if assistant else None
    return why(uri, outcome) if outcome else None


def _uri(arguments: tuple[Any, ...]) -> str | None:
    given = _object(arguments)
    uri = text_in(given, "uri")
    if uri is None and part(given, "uri") is not None:
        raise _wrong(WHY, '{"uri": string} or nothing')
    return uri


def _switched(arguments: tuple[Any, ...]) -> tuple[str | None, bool]:
    given = _object(arguments)
    enabled, language = flag_in(given, "enabled"), text_in(given, "language")
    if enabled is None or (language is None and part(given, "language") is not None):
        raise _wrong(SET_ENABLED, '{"enabled": boolean, "language": string or absent}')
    return language, enabled


def _minutes(arguments: tuple[Any, ...]) -> float:
    minutes = number_in(_object(arguments), "minutes")
    if minutes is None or not 0 <= minutes <= MAX_SNOOZE_MINUTES:
        raise _wrong(SNOOZE, f'{{"minutes": number from 0 to {MAX_SNOOZE_MINUTES}}}')
    return minutes


def _days(arguments: tuple[Any, ...]) -> int:
    given = _object(arguments)
    days = number_in(given, "days") if part(given, "days") is not None else DAYS
    if days is None or not 1 <= days <= MAX_DAYS:
        raise _wrong(STATISTICS, f'{{"days": number from 1 to {MAX_DAYS}}} or nothing')
    return int(days)


def _object(arguments: tuple[Any, ...]) -> Any:
    """The one argument; None where there is none."""
    return arguments[0] if arguments else None


def _wrong(command: str, expected: str) -> JsonRpcInvalidParams:
    return JsonRpcInvalidParams(f"{command} takes one argument {expected}")
