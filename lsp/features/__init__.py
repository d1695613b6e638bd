"""One module per protocol method: decode, one call into the core, encode."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from lsprotocol import types

from codeassist.errors import CodeassistError
from indexer.errors import IndexerError
from lsp.chat_commands import register_chat_commands
from lsp.diagnostics import register_findings
from lsp.explaining import register_explaining
from lsp.features.code_action import code_action, code_action_options
from lsp.features.completion import completion, resolve
from lsp.features.completion import options as completion_options
from lsp.features.did_change import did_change
from lsp.features.did_change_configuration import did_change_configuration
from lsp.features.did_change_watched_files import did_change_watched_files
from lsp.features.did_change_workspace_folders import did_change_workspace_folders
from lsp.features.did_close import did_close
from lsp.features.did_focus import did_focus
from lsp.features.did_open import did_open
from lsp.features.did_save import did_save
from lsp.features.did_show_completion import did_partially_accept_completion, did_show_completion
from lsp.features.execute_command import register_commands
from lsp.features.exit import leave
from lsp.features.initialize import initialize
from lsp.features.initialized import initialized
from lsp.features.inline_completion import inline_completion
from lsp.features.inline_edit import DID_SHOW, INLINE_EDIT, did_show, inline_edit, register_edit_commands
from lsp.features.shutdown import shutdown
from lsp.features.silence import unless_silent
from lsp.features.status import status
from lsp.features.workspace_symbol import workspace_symbol
from lsp.language_server import STATUS, CodeassistServer
from lsp.reviewing import register_reviewing

logger = logging.getLogger(__name__)

_NOTIFICATIONS: dict[str, Callable[[CodeassistServer, Any], None]] = {
    types.INITIALIZED: initialized,
    types.TEXT_DOCUMENT_DID_OPEN: did_open,
    types.TEXT_DOCUMENT_DID_CHANGE: did_change,
    types.TEXT_DOCUMENT_DID_CLOSE: did_close,
    types.TEXT_DOCUMENT_DID_SAVE: did_save,
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES: did_change_watched_files,
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: did_change_workspace_folders,
    types.WORKSPACE_DID_CHANGE_CONFIGURATION: did_change_configuration,
    "textDocument/didFocus": did_focus,
    "textDocument/didShowCompletion": did_show_completion,
    "textDocument/didPartiallyAcceptCompletion": did_partially_accept_completion,
    types.EXIT: leave,
}


def register(server: CodeassistServer) -> None:
    """Bind every feature to the server."""
    server.feature(types.INITIALIZE)(_bound(server, _initialize))
    for method, handler in _NOTIFICATIONS.items():
        server.feature(method)(_bound(server, handler))
    # Without options pygls would not announce the capability.
    server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())(
        _null_on_failure(server, unless_silent(inline_completion))
    )
    server.feature(types.WORKSPACE_SYMBOL)(_null_on_failure(server, workspace_symbol))
    server.feature(types.TEXT_DOCUMENT_CODE_ACTION, code_action_options())(_null_on_failure(server, code_action))
    server.feature(types.SHUTDOWN)(_null_on_failure(server, shutdown))
    server.feature(STATUS)(_bound(server, status))
    register_commands(server)
    server.feature(INLINE_EDIT)(_null_on_failure(server, inline_edit))
    server.feature(DID_SHOW)(_bound(server, did_show))
    register_edit_commands(server)
    register_chat_commands(server)
    register_explaining(server)
    register_findings(server)
    register_reviewing(server)


def _initialize(server: CodeassistServer, params: types.InitializeParams) -> None:
    """What is announced goes by the client."""
    initialize(server, params)
    if server.lists_entries:
        server.feature(types.TEXT_DOCUMENT_COMPLETION, completion_options())(_null_on_failure(server, completion))
        server.feature(types.COMPLETION_ITEM_RESOLVE)(_null_on_failure(server, resolve))


def _bound(server: CodeassistServer, handler: Callable[[CodeassistServer, Any], Any]) -> Callable[[Any], Any]:
    """The handler of a synchronous message. What the client got wrong is logged in a line."""

    def handle(params: Any = None) -> Any:
        try:
            return handler(server, params)
        except CodeassistError as error:
            logger.warning("%s", error)
            return None

    return handle


def _null_on_failure(
    server: CodeassistServer, handler: Callable[[CodeassistServer, Any], Awaitable[Any]]
) -> Callable[[Any], Awaitable[Any]]:
    """The handler of a request that is answered `null`, and never with an error, when it fails."""

    async def handle(params: Any = None) -> Any:
        try:
            return await handler(server, params)
        except (CodeassistError, IndexerError) as error:
            logger.warning("%s", error)
        except Exception:  # the border to the editor: a failure here is a line in the log, never a popup
            logger.exception("%s failed", handler.__name__)
        return None

    return handle
