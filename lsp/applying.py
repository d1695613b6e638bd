"""Edits of the core, applied by the editor: `workspace/applyEdit`, with the versions that they were made for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types

from codeassist.chat.edits import FileEdit
from codeassist.documents import read_document
from codeassist.errors import DocumentError
from lsp.areas import text_edit
from lsp.documents import Document
from lsp.positions import Encoding, split_lines
from lsp.workspace import uri_in

if TYPE_CHECKING:
    from lsp.language_server import CodeassistServer

logger = logging.getLogger(__name__)

STALE = "the text has changed since; nothing was changed, run it again"


async def apply_edit(
    server: CodeassistServer, folder: Path, edit: FileEdit, seen: Mapping[str, Document], label: str
) -> str:
    """Have the editor change a file; its URI. folder: as the editor spells it. seen: the open documents, by path, as
    the edit was made for them. Raises DocumentError where the editor cannot, or will not.
    """
    if not _workspace(server).apply_edit:
        raise DocumentError("this editor lets no server change a text (it has no `workspace.applyEdit`)")
    document = seen.get(edit.path)
    if document is not None and not server.documents.is_current(document):
        raise DocumentError(f"{edit.path}: {STALE}")
    uri = document.uri if document is not None else uri_in(folder, edit.path)
    if edit.is_new:
        wanted = _of_new_file(server, uri, edit)
    elif document is not None:
        wanted = _of_file(server, edit, document, document.version)
    else:
        encoding = server.documents.encoding
        wanted = _of_file(server, edit, await asyncio.to_thread(_on_disk, folder, edit, uri, encoding), None)
    if document is None and server.documents.find(uri) is not None:
        raise DocumentError(f"{edit.path}: {STALE}")
    result = await server.workspace_apply_edit_async(types.ApplyWorkspaceEditParams(edit=wanted, label=label))
    if not result.applied:
        reason = f": {result.failure_reason}" if result.failure_reason else ""
        raise DocumentError(f"{edit.path} was not changed: the editor did not apply the edit{reason}")
    return uri


def workspace_edit(
    server: CodeassistServer, uri: str, version: int | None, edits: Sequence[types.TextEdit]
) -> types.WorkspaceEdit:
    """Edits of one version of one text, as the client knows them. version: None for a text that is not open."""
    if not _knows_versions(server):
        return types.WorkspaceEdit(changes={uri: edits})
    identifier = types.OptionalVersionedTextDocumentIdentifier(uri=uri, version=version)
    return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(text_document=identifier, edits=list(edits))])


def can_show_documents(server: CodeassistServer) -> bool:
    """Whether the client says so."""
    window = server.client_capabilities.window
    return window is not None and window.show_document is not None and window.show_document.support


async def show_document(server: CodeassistServer, uri: str) -> bool:
    """Have the editor show a document; False where it cannot."""
    if not can_show_documents(server):
        return False
    result = await server.window_show_document_async(types.ShowDocumentParams(uri=uri, take_focus=True))
    return result.success


def _of_file(server: CodeassistServer, edit: FileEdit, document: Document, version: int | None) -> types.WorkspaceEdit:
    newline = "\r\n" if any(line.endswith("\r\n") for line in document.lines) else "\n"
    edits = [text_edit(document, one, newline) for one in edit.edits]
    return workspace_edit(server, document.uri, version, edits)


def _of_new_file(server: CodeassistServer, uri: str, edit: FileEdit) -> types.WorkspaceEdit:
    operations = _workspace_edit(server).resource_operations or ()
    if not _knows_versions(server) or types.ResourceOperationKind.Create not in operations:
        raise DocumentError(f"this editor lets no server make a file; make {edit.path} yourself and run it again")
    start = types.Position(line=0, character=0)
    text = "\n".join(one.text for one in edit.edits)
    identifier = types.OptionalVersionedTextDocumentIdentifier(uri=uri, version=None)
    return types.WorkspaceEdit(
        document_changes=[
            types.CreateFile(uri=uri, options=types.CreateFileOptions(overwrite=False, ignore_if_exists=False)),
            types.TextDocumentEdit(identifier, [types.TextEdit(types.Range(start=start, end=start), text)]),
        ]
    )


def _on_disk(folder: Path, edit: FileEdit, uri: str, encoding: Encoding) -> Document:
    """A file that is not open, as a document; blocks. Raises DocumentError, also where its text is another by now."""
    source = read_document(folder / edit.path, edit.path)
    if source.text != edit.before:
        raise DocumentError(f"{edit.path}: {STALE}")
    return Document(uri, 0, "", tuple(split_lines(source.text.replace("\n", source.newline))), encoding)


def _knows_versions(server: CodeassistServer) -> bool:
    return bool(_workspace_edit(server).document_changes)


def _workspace_edit(server: CodeassistServer) -> types.WorkspaceEditClientCapabilities:
    return _workspace(server).workspace_edit or types.WorkspaceEditClientCapabilities()


def _workspace(server: CodeassistServer) -> types.WorkspaceClientCapabilities:
    return server.client_capabilities.workspace or types.WorkspaceClientCapabilities()
