"""An editor's side of `workspace/applyEdit`: it keeps texts, and changes them as it is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsp_client import LspClient

from lsp.positions import column_of

CAPABILITIES: dict[str, Any] = {
    "workspace": {
        "applyEdit": True,
        "workspaceEdit": {"documentChanges": True, "resourceOperations": ["create", "rename", "delete"]},
    },
    "window": {"showDocument": {"support": True}, "workDoneProgress": True},
    "textDocument": {
        "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["", "quickfix"]}}},
        "publishDiagnostics": {"relatedInformation": True, "versionSupport": True},
    },
}


@dataclass
class Editor:
    """Texts by URI with their versions. shown: documents that the server had opened. reply: to the next edit."""

    client: LspClient
    texts: dict[str, str] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    created: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    edits: list[dict[str, Any]] = field(default_factory=list)
    reply: Any = None

    def __post_init__(self) -> None:
        self.client.answers |= {"workspace/applyEdit": self._apply, "window/showDocument": self._show}

    def open(self, uri: str, text: str) -> None:
        self.texts[uri], self.versions[uri] = text, 1
        self.client.open(uri, text)

    def messages(self) -> list[str]:
        """What the server had shown in a box."""
        return [
            note["params"]["message"] for note in self.client.notifications if note["method"] == "window/showMessage"
        ]

    def _apply(self, params: dict[str, Any]) -> Any:
        self.edits.append(params["edit"])
        if self.reply is not None:
            return self.reply
        for change in self._changes(params["edit"]):
            if change.get("kind") == "create":
                self.created.append(change["uri"])
                self.texts[change["uri"]] = ""
                continue
            uri = change["textDocument"]["uri"]
            version = change["textDocument"].get("version")
            assert version in (None, self.versions.get(uri)), "an edit of a version that is not shown"
            self._edit(uri, change["edits"])
        return {"applied": True}

    def _changes(self, edit: dict[str, Any]) -> list[dict[str, Any]]:
        plain = [{"textDocument": {"uri": uri}, "edits": edits} for uri, edits in (edit.get("changes") or {}).items()]
        return plain or edit["documentChanges"]

    def _edit(self, uri: str, edits: list[dict[str, Any]]) -> None:
        if uri not in self.texts:
            self.texts[uri] = Path(uri.removeprefix("file://")).read_bytes().decode()
        for edit in sorted(edits, key=lambda edit: -self._offset(uri, edit["range"]["start"])):
            start, end = (self._offset(uri, edit["range"][name]) for name in ("start", "end"))
            self.texts[uri] = self.texts[uri][:start] + edit["newText"] + self.texts[uri][end:]

    def _offset(self, uri: str, position: dict[str, int]) -> int:
        lines = self.texts[uri].split("\n")
        above = sum(len(line) + 1 for line in lines[: position["line"]])
        return above + column_of(lines[position["line"]].rstrip("\r"), position["character"], "utf-16")

    def _show(self, params: dict[str, Any]) -> dict[str, bool]:
        self.shown.append(params["uri"])
        return {"success": True}
