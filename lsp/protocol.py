"""pygls's protocol with its gaps closed: documents are ours, bad messages get an answer, order is checked, and commands
can be cancelled.

pygls drops a request that it cannot decode (the client then waits for ever), answers requests before `initialize`, and
copies each edit into documents of its own.
"""

from __future__ import annotations

import inspect
import json
import logging
from collections.abc import Generator
from typing import Any

from lsprotocol import types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcParseError,
    JsonRpcServerNotInitialized,
)
from pygls.protocol import LanguageServerProtocol, lsp_method

logger = logging.getLogger(__name__)

# These would copy each text into pygls's own documents, or end the process before the engine is closed.
_OURS = (
    types.TEXT_DOCUMENT_DID_OPEN,
    types.TEXT_DOCUMENT_DID_CHANGE,
    types.TEXT_DOCUMENT_DID_CLOSE,
    types.NOTEBOOK_DOCUMENT_DID_OPEN,
    types.NOTEBOOK_DOCUMENT_DID_CHANGE,
    types.NOTEBOOK_DOCUMENT_DID_CLOSE,
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS,
    types.EXIT,
)


class Protocol(LanguageServerProtocol):
    """Reads messages as bytes; handlers are pygls's."""

    is_initialized = False

    @property
    def is_shut_down(self) -> bool:
        """Whether the client has sent `shutdown`."""
        return self._shutdown

    def receive(self, body: bytes) -> None:
        """Handle one message. Whatever is wrong with it is answered, if it can be answered at all."""
        try:
            message = json.loads(body)
        except (ValueError, RecursionError) as error:
            logger.warning("a message is no JSON: %s", error)
            self._refuse(None, JsonRpcParseError(str(error)))
            return
        if not isinstance(message, dict) or message.get("jsonrpc") != self.VERSION:
            logger.warning("a message is no JSON-RPC 2.0")
            self._refuse(None, JsonRpcInvalidRequest('a message must be an object with "jsonrpc": "2.0"'))
        elif self._is_in_order(message):
            self._dispatch(message)

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, types.InitializeResult]:
        """Folders are ours, too: pygls would keep copies of its own."""
        result = yield from super().lsp_initialize(params)
        result.capabilities.workspace = types.WorkspaceOptions(
            workspace_folders=types.WorkspaceFoldersServerCapabilities(supported=True, change_notifications=True)
        )
        self.is_initialized = True
        return result

    async def _execute_command(self, params: types.ExecuteCommandParams) -> Any:
        """Run a command, to be cancelled with its request: pygls's own lets it run on."""
        command = self.fm.commands.get(params.command)
        if command is None:
            raise JsonRpcInvalidParams(f"there is no command {params.command!r}")
        result = command(*(params.arguments or ()))
        return await result if inspect.isawaitable(result) else result

    def _register_builtin_features(self) -> None:
        super()._register_builtin_features()  # type: ignore[no-untyped-call]
        for method in _OURS:
            self.fm.builtin_features.pop(method, None)
        self.fm.builtin_features[types.WORKSPACE_EXECUTE_COMMAND] = self._execute_command

    def _is_in_order(self, message: dict[str, Any]) -> bool:
        """Whether this message may come now; a request that may not is answered."""
        method = message.get("method")
        if method is None or method == types.EXIT:
            return True
        if not self.is_initialized and method != types.INITIALIZE:
            error: JsonRpcException = JsonRpcServerNotInitialized(f"{method} came before initialize")
        elif self.is_initialized and method == types.INITIALIZE:
            error = JsonRpcInvalidRequest("initialize was sent before; start another server for another session")
        elif self._shutdown:
            error = JsonRpcInvalidRequest(f"{method} came after shutdown")
        else:
            return True
        if "id" in message:
            self._refuse(message["id"], error)
        return False

    def _dispatch(self, message: dict[str, Any]) -> None:
        message.setdefault("params", None)
        try:
            structured = self.structure_message(message)
        except JsonRpcException as error:
            logger.warning("%s: the parameters cannot be read", message.get("method", "a response"))
            if "id" in message and "method" in message:
                self._refuse(message["id"], error)
            return
        self.handle_message(structured)

    def _refuse(self, message_id: Any, error: JsonRpcException) -> None:
        """Answer with an error; a plain object, since lsprotocol would leave out an id that is null."""
        code_and_text = {"code": error.code, "message": error.message}
        self._send_data({"jsonrpc": self.VERSION, "id": message_id, "error": code_and_text})
