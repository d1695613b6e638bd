"""What extension-config/ tells editors, held against what the server does."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any, get_args, get_type_hints
from urllib.parse import urlsplit

import pytest
import yaml  # type: ignore[import-untyped]
from fake_assistant import FakeAssistant
from lsp_session import Session

from codeassist import __version__
from codeassist.server.mistral import mistral_routes
from codeassist.settings import Settings, documented_settings
from codeassist.types import EngineStatus
from lsp.features.execute_command import EXPLAIN
from lsp.language_server import STATUS
from lsp.options import read_options

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "extension-config"
STATES = set(get_args(get_type_hints(EngineStatus)["state"]))


def text_of(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def package() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(text_of("vscode/package.json"))
    return loaded


def script_name() -> str:
    (name,) = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    return str(name)


def test_vs_code_starts_the_program_that_we_install(package: dict[str, Any]) -> None:
    properties = package["contributes"]["configuration"]["properties"]
    assert properties["codeassist.command"]["default"] == script_name()
    assert properties["codeassist.arguments"]["default"] == ["lsp"]
    assert package["version"] == __version__
    assert package["dependencies"]["vscode-languageclient"].startswith("11.")


def test_a_folder_cannot_make_vs_code_start_another_program(package: dict[str, Any]) -> None:
    properties = package["contributes"]["configuration"]["properties"]
    assert {properties[f"codeassist.{name}"]["scope"] for name in ("command", "arguments")} == {"machine"}


def test_vs_code_settings_are_read_and_documented(package: dict[str, Any]) -> None:
    declared = {name.removeprefix("codeassist.") for name in package["contributes"]["configuration"]["properties"]}
    assert set(re.findall(r"configuration\.get\('(\w+)'\)", text_of("vscode/extension.js"))) == declared
    assert all(f"`codeassist.{name}`" in text_of("vscode/README.md") for name in declared)


def test_vs_code_commands_are_registered_and_documented(package: dict[str, Any]) -> None:
    commands = {command["command"]: command["title"] for command in package["contributes"]["commands"]}
    registered = re.findall(r"register(?:TextEditor)?Command\('([\w.]+)'", text_of("vscode/extension.js"))
    assert set(registered) == set(commands)
    assert all(f"codeassist: {title}" in text_of("vscode/README.md") for title in commands.values())


async def test_vs_code_commands_do_not_clash_with_the_servers(session: Session, package: dict[str, Any]) -> None:
    capabilities = await session.ready()  # the client registers the server's commands under the same names
    own = {command["command"] for command in package["contributes"]["commands"]}
    assert not own & set(capabilities["executeCommandProvider"]["commands"])


def test_vs_code_knows_our_method_names_and_states() -> None:
    script = text_of("vscode/extension.js")
    assert f"'{STATUS}'" in script
    assert f"command: '{EXPLAIN}'" in script
    faces = re.search(r"const FACES = \{(.*?)\};", script, re.DOTALL)
    assert faces is not None
    assert set(re.findall(r"^\s*(\w+):", faces[1], re.MULTILINE)) == STATES


def test_neovim_starts_the_program_that_we_install() -> None:
    expected = f"{{ '{script_name()}', 'lsp', '--stdio' }}"
    assert f"cmd = {expected}" in text_of("neovim/lsp/codeassist.lua")
    assert f"cmd = {expected}" in text_of("neovim/README.md")
    assert f"['{STATUS}']" in text_of("neovim/lsp/codeassist.lua")


@pytest.mark.parametrize("name", ["neovim/README.md", "neovim/lsp/codeassist.lua", "vscode/README.md"])
def test_settings_named_as_examples_exist(name: str) -> None:
    dotted = re.findall(r"""['"]((?:engine|index|completion|server|log)\.\w+)['"]""", text_of(name))
    nested = re.findall(r"(engine|index|completion|server|log) = \{ (\w+) =", text_of(name))
    named = [*dotted, *(".".join(pair) for pair in nested)]
    assert named
    assert [setting for setting in named if setting not in documented_settings()] == []


def test_continue_asks_the_address_that_we_serve() -> None:
    (model,) = yaml.safe_load(text_of("continue/config.yaml"))["models"]
    server = Settings().server
    assert model["apiBase"] == f"http://{server.host}:{server.port}/v1/"  # without the last slash /v1 is dropped
    assert (model["provider"], model["roles"]) == ("mistral", ["autocomplete"])
    assert model["apiKey"]
    (route,) = mistral_routes(FakeAssistant(ROOT))
    assert urlsplit(model["apiBase"] + "fim/completions").path == route.path
    # Continue sends such names to the chat endpoint.
    assert not model["model"].startswith(("o", "gpt"))


@pytest.mark.parametrize(
    ("options", "settings", "n_warnings"),
    [
        (None, {}, 0),
        ({}, {}, 0),
        (
            {"completion": {"max_lines": 4}, "engine.kind": "scripted"},
            {"completion.max_lines": 4, "engine.kind": "scripted"},
            0,
        ),
        ({"completion": {}, "engine": None}, {}, 0),
        ({"index": {"exclude": ["*.gen.py"]}}, {"index.exclude": ["*.gen.py"]}, 0),
        ({"completion": 7, "nonsense": {"deep": {"er": 1}}}, {}, 2),
        (["completion"], {}, 1),
        ("completion", {}, 1),
    ],
)
def test_initialization_options_are_settings(options: object, settings: dict[str, object], n_warnings: int) -> None:
    read = read_options(options, "initializationOptions")
    assert read.values == settings
    assert len(read.warnings) == n_warnings
