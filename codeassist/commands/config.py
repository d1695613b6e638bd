"""`codeassist config`."""

from __future__ import annotations

import json
from typing import Any

import typer
from rich.text import Text

from codeassist.commands.front import Front, front_of
from codeassist.commands.opening import settings_for
from codeassist.commands.options import AsJson, Overrides, WorkspaceArgument
from codeassist.commands.places import given_workspace
from codeassist.configuration import PROJECT_FILES, LoadedSettings, settings_table, user_config_file
from codeassist.setting_values import SECRETS
from codeassist.settings import documented_settings


def config(
    context: typer.Context,
    path: WorkspaceArgument = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Show every setting that is in force, where its value came from, and what it means.

    Lowest to highest: defaults, your config.toml, the project's codeassist.toml, environment variables such as
    CODEASSIST_ENGINE_MODEL, and -o on the command line (or the editor's initializationOptions).

    [bold]Examples[/bold]

      codeassist config

      codeassist config --json | jq .origins
    """
    front = front_of(context)
    workspace = given_workspace(path, front.cwd)
    loaded = settings_for(front, workspace, overrides)
    user_file = str(user_config_file(front.environ))
    if as_json:
        front.print_json(_answer(loaded, user_file, [str(workspace / name) for name in PROJECT_FILES]))
    else:
        _show(front, loaded, user_file)


def _answer(loaded: LoadedSettings, user_file: str, project_files: list[str]) -> dict[str, Any]:
    return {
        "settings": _shown_values(loaded),
        "origins": loaded.origins,
        "warnings": list(loaded.warnings),
        "user_file": user_file,
        "project_files": project_files,
    }


def _show(front: Front, loaded: LoadedSettings, user_file: str) -> None:
    console, docs, shown_section = front.console, documented_settings(), ""
    for name, value in _shown_values(loaded).items():
        section, _, key = name.partition(".")
        if section != shown_section:
            console.print(Text(f"[{section}]", style="bold"))
            shown_section = section
        origin = loaded.origins[name]
        console.print(
            Text.assemble(
                (f"{key} = {_toml(value)}", "cyan"), (f"   {origin}", "dim" if origin == "default" else "green")
            )
        )
        console.print(Text(f"    {docs[name]}", style="dim"))
    console.print(Text(f"your own file: {user_file}", style="bold"))


def _toml(value: object) -> str:
    """The value as a TOML file has it; JSON is the same for all kinds that settings have."""
    return json.dumps(value, ensure_ascii=False)


def _shown_values(loaded: LoadedSettings) -> dict[str, Any]:
    values = settings_table(loaded.settings)
    return {name: "(set)" if name in SECRETS and value else value for name, value in values.items()}
