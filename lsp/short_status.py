"""The status in the four words of Copilot's language server, for clients that have an item for it."""

from __future__ import annotations

from typing import Any

SHORT_STATUS = "didChangeStatus"

_LOADING = ("starting", "restarting")


def short_status(status: dict[str, Any]) -> dict[str, Any]:
    """What `didChangeStatus` carries. Inactive: nothing will be suggested, because the user wants it so."""
    engine, index = status["engine"], status["index"]
    busy = engine["state"] in _LOADING or index["state"] == "indexing"
    kind, message = "Normal", ""
    if engine["state"] in ("failed", "stopped"):
        kind, message = ("Error" if engine["state"] == "failed" else "Normal"), engine["message"]
    elif not status["enabled"]:
        kind, message = "Inactive", "suggestions are off"
    elif status["snoozed_until"] is not None:
        kind, message = "Inactive", "suggestions are snoozed"
    elif engine["state"] in _LOADING:
        message = engine["message"] or "loading the model"
    elif engine.get("stand_in"):
        kind, message = "Warning", engine["message"]
    elif index["state"] == "failed":
        kind, message = "Warning", f"no context from other files: {index['message']}"
    elif index["state"] == "indexing":
        message = "indexing"
    return {"message": message, "busy": busy, "kind": kind}
