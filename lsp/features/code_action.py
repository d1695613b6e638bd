"""`textDocument/codeAction`: what may be done at the cursor, each a command of `lsp/chat_commands.py` and its kin.

A provider looks at the place and gives actions; `PROVIDERS` has them in the order of the menu. None asks a model: what
is offered is decided from the text alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from lsprotocol import types

from codeassist.chat.model import is_configured
from indexer.outline import innermost
from indexer.ranking import is_test_path
from lsp.areas import lines_of
from lsp.chat_commands import DOCSTRING, FIX, REWRITE, TESTS
from lsp.diagnostics import DISMISS
from lsp.documents import Document
from lsp.encoded_findings import SOURCE
from lsp.explaining import EXPLAIN_SUGGESTION, last_suggestion
from lsp.features.inline_edit import next_edit_actions
from lsp.language_server import CodeassistServer
from lsp.outlines import Outline
from lsp.reviewing import APPLY, remedy_title
from lsp.workspace import path_of

EXPLAIN = "codeassist.explain"
KINDS: tuple[str, ...] = (types.CodeActionKind.QuickFix, types.CodeActionKind.RefactorRewrite, EXPLAIN)
# A menu shows a few; a diagnostic names what is wrong in a line.
MAX_DIAGNOSTICS = 10
MAX_TITLE = 80


@dataclass(frozen=True, slots=True)
class Place:
    """Where actions are asked for. has_chat: whether what needs a chat model is worth offering."""

    server: CodeassistServer
    document: Document
    area: types.Range
    diagnostics: Sequence[types.Diagnostic]
    outline: Outline
    has_chat: bool

    @property
    def argument(self) -> dict[str, Any]:
        """The document and the range as commands take them."""
        return {"uri": self.document.uri, "range": _plain(self.area)}

    @property
    def is_selection(self) -> bool:
        """Whether something is selected."""
        return self.area.start != self.area.end


Provider = Callable[[Place], list[types.CodeAction]]


def code_action_options() -> types.CodeActionOptions:
    """What is announced."""
    return types.CodeActionOptions(code_action_kinds=list(KINDS), resolve_provider=False)


async def code_action(
    server: CodeassistServer, params: types.CodeActionParams
) -> list[types.CodeAction | types.Command] | None:
    """The actions at a range; None where the document is not open."""
    document = server.documents.find(params.text_document.uri)
    if document is None:
        return None
    context = params.context
    has_chat = _offers_chat(server, document, context)
    outline = await server.outlines.of(document) if has_chat else ()  # Nothing else needs to parse.
    place = Place(server, document, params.range, context.diagnostics, outline, has_chat)
    actions = [action for provider in PROVIDERS for action in provider(place)]
    wanted = [action for action in actions if _is_wanted(action, context.only)]
    if _knows_literals(server):
        return [*wanted, *(await next_edits(server, params))]
    return [action.command for action in wanted if action.command is not None]


async def next_edits(server: CodeassistServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    """*Next edit*, where what was edited last goes on."""
    is_wanted = not params.context.only or types.CodeActionKind.QuickFix in params.context.only
    return await next_edit_actions(server, params) if is_wanted else []


def fixes(place: Place) -> list[types.CodeAction]:
    """*Fix this diagnostic*, for every diagnostic at the place, whoever reported it."""
    if not place.has_chat:
        return []
    return [_fix(place, diagnostic) for diagnostic in place.diagnostics[:MAX_DIAGNOSTICS]]


def dismissals(place: Place) -> list[types.CodeAction]:
    """*Dismiss*, for our own findings, and what a remedy changes."""
    found: list[types.CodeAction] = []
    for diagnostic in place.diagnostics[:MAX_DIAGNOSTICS]:
        finding = place.server.diagnostics.finding_of(place.document.uri, diagnostic)
        if diagnostic.source == SOURCE and finding is not None:
            argument = {"uri": place.document.uri, "id": finding.id}
            current = place.server.diagnostics.current(place.document, finding.id)
            if current is not None and (remedy := current.replacement) is not None:
                title = _shortened(remedy_title(place.document, remedy))
                found.append(_action(title, types.CodeActionKind.QuickFix, APPLY, argument, [diagnostic]))
            title = f"Dismiss: {_shortened(diagnostic.message)}"
            found.append(_action(title, types.CodeActionKind.QuickFix, DISMISS, argument, [diagnostic]))
    return found


def writing(place: Place) -> list[types.CodeAction]:
    """*Rewrite selection*, *Generate docstring*, *Generate tests*."""
    if not place.has_chat:
        return []
    kind = types.CodeActionKind.RefactorRewrite
    found = [_action("Rewrite selection…", kind, REWRITE, place.argument)] if place.is_selection else []
    lines = lines_of(place.document, place.area)
    around = innermost(place.outline, *lines.numbers)
    if around is not None and not around.doc and around.doc_line:
        found.append(_action(f"Generate docstring for {around.name}", kind, DOCSTRING, place.argument))
    if around is not None and not is_test_path(path_of(place.document.uri).name):
        found.append(_action(f"Generate tests for {around.name}", kind, TESTS, place.argument))
    return found


def explanations(place: Place) -> list[types.CodeAction]:
    """*Explain this suggestion*, where there was one in this document."""
    outcome = last_suggestion(place.server, place.document.uri)
    if outcome is None or not outcome.text:
        return []
    argument = {"uri": place.document.uri, "position": _plain(place.area)["start"]}
    return [_action("Explain the last suggestion", EXPLAIN, EXPLAIN_SUGGESTION, argument)]


PROVIDERS: tuple[Provider, ...] = (fixes, dismissals, writing, explanations)


def _offers_chat(server: CodeassistServer, document: Document, context: types.CodeActionContext) -> bool:
    """Where no chat model is configured, only who asks for the menu learns what there could be."""
    if context.trigger_kind != types.CodeActionTriggerKind.Automatic:
        return True
    folder = server.backend.folder_of(path_of(document.uri))
    return folder is not None and folder.assistant is not None and is_configured(folder.assistant.settings.chat)


def _fix(place: Place, diagnostic: types.Diagnostic) -> types.CodeAction:
    argument = {"uri": place.document.uri, "range": _plain(diagnostic.range), "message": diagnostic.message}
    title = f"Fix: {_shortened(diagnostic.message)}"
    return _action(title, types.CodeActionKind.QuickFix, FIX, argument, [diagnostic])


def _action(
    title: str, kind: str, command: str, argument: object, diagnostics: list[types.Diagnostic] | None = None
) -> types.CodeAction:
    return types.CodeAction(
        title=title,
        kind=kind,
        diagnostics=diagnostics,
        command=types.Command(title=title, command=command, arguments=[argument]),
    )


def _is_wanted(action: types.CodeAction, only: Sequence[str] | None) -> bool:
    """Whether the action is of a kind that is asked for: `refactor` asks for `refactor.rewrite`, too."""
    kind = str(getattr(action.kind, "value", action.kind))
    names = [str(getattr(wanted, "value", wanted)) for wanted in only or ()]
    return not names or any(not name or kind == name or kind.startswith(f"{name}.") for name in names)


def _knows_literals(server: CodeassistServer) -> bool:
    text_document = server.client_capabilities.text_document
    action = text_document.code_action if text_document is not None else None
    return action is not None and action.code_action_literal_support is not None


def _shortened(message: str) -> str:
    line = " ".join(message.split())
    return line if len(line) <= MAX_TITLE else f"{line[: MAX_TITLE - 1]}…"


def _plain(area: types.Range) -> dict[str, Any]:
    return {
        "start": {"line": area.start.line, "character": area.start.character},
        "end": {"line": area.end.line, "character": area.end.character},
    }
