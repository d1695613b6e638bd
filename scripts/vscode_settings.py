"""Writes the server's settings into VS Code's extension, from codeassist/settings.py: `make docs`.

package.json names what a settings page shows: one category for each section of the server's settings, after the one of
the extension's own, which is written by hand. tests/lsp/test_extension_config.py fails when it is out of date.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from codeassist.configuration import settings_table
from codeassist.setting_values import choices, limits, setting_type
from codeassist.settings import PROJECT_SETTINGS, Settings, documented_settings

PACKAGE = Path(__file__).resolve().parent.parent / "extension-config" / "vscode" / "package.json"

# What would say nothing, or say it a second time, in this editor.
LEFT_OUT = {
    "completion.enabled": "codeassist.enable says it, by language",
    "completion.languages_off": "codeassist.enable says it, by language",
    "completion.as_list_entries": "VS Code has inline completion",
    "review.fail_on": "it is about the exit code of `codeassist review`",
    "review.start_engine": "the language server has an engine",
    "log.requests": "it is about the HTTP endpoint",
    "log.texts": "the same",
}
SECTIONS_LEFT_OUT = {
    "server": "the HTTP endpoint belongs to `codeassist serve`, which no editor starts",
    "shadow": "the same",
}

TITLES = {"engine": "Engine", "index": "Index", "completion": "Suggestions", "chat": "Chat model", "log": "Log"}
TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", tuple: "array"}
SECRETS = frozenset({"engine.api_key", "chat.api_key"})


def written(package: dict[str, Any]) -> dict[str, Any]:
    """The same manifest with the server's settings as they are now."""
    contributes = package["contributes"]
    own = contributes["configuration"][0]
    parts = [own, *_categories()]
    folders = [
        name for part in parts for name, described in part["properties"].items() if described["scope"] == "window"
    ]
    untrusted = {**package["capabilities"]["untrustedWorkspaces"], "restrictedConfigurations": folders}
    capabilities = {**package["capabilities"], "untrustedWorkspaces": untrusted}
    return {**package, "capabilities": capabilities, "contributes": {**contributes, "configuration": parts}}


def text_of(package: dict[str, Any]) -> str:
    """A manifest as it stands in the file."""
    return json.dumps(package, indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Rewrite the manifest in place."""
    package = json.loads(PACKAGE.read_text(encoding="utf-8"))
    PACKAGE.write_text(text_of(written(package)), encoding="utf-8")
    return 0


def _categories() -> list[dict[str, Any]]:
    defaults = settings_table(Settings())
    sections: dict[str, dict[str, Any]] = {}
    for name, meaning in documented_settings().items():
        section = name.partition(".")[0]
        if section not in SECTIONS_LEFT_OUT and name not in LEFT_OUT:
            sections.setdefault(section, {})[f"codeassist.{name}"] = _described(name, meaning, defaults[name])
    return [
        {"title": TITLES.get(section, section.capitalize()), "properties": properties}
        for section, properties in sections.items()
    ]


def _described(name: str, meaning: str, default: Any) -> dict[str, Any]:
    """One setting as VS Code takes it. Only what a project's own file may set can be set by a folder here."""
    kind = setting_type(name)
    described: dict[str, Any] = {
        "type": TYPES[kind],
        "scope": "window" if name in PROJECT_SETTINGS else "machine",
        "default": list(default) if kind is tuple else default,
        "markdownDescription": f"{meaning[0].upper()}{meaning[1:]}.",
    }
    if kind is tuple:
        described["items"] = {"type": "string"}
    if allowed := choices(name):
        described["enum"] = list(allowed)
    low, high = limits(name)
    described |= {key: value for key, value in (("minimum", low), ("maximum", high)) if value is not None}
    if name in SECRETS:
        described["ignoreSync"] = True
    return described


if __name__ == "__main__":
    sys.exit(main())
