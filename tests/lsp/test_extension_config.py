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
from codeassist.settings import PROJECT_SETTINGS, Settings, documented_settings
from codeassist.types import EngineStatus
from lsp.features.execute_command import EXPLAIN
from lsp.language_server import STATUS
from lsp.options import read_options
from scripts import vscode_settings

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "extension-config"
CONTRACT = ROOT / "docs" / "language-server.md"
STATES = set(get_args(get_type_hints(EngineStatus)["state"]))


def text_of(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def package() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(text_of("vscode/package.json"))
    return loaded


def script_name() -> str:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    (name,) = (name for name, target in scripts.items() if target == "codeassist.cli:main")
    return str(name)


def sources() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted((FOLDER / "vscode" / "src").glob("*.ts")))


def properties_of(package: dict[str, Any]) -> dict[str, Any]:
    parts = package["contributes"]["configuration"]
    return {name: described for part in parts for name, described in part["properties"].items()}


def test_vs_code_starts_the_program_that_we_install(package: dict[str, Any]) -> None:
    assert f"export const PROGRAM = '{script_name()}';" in text_of("vscode/src/locate.ts")
    assert properties_of(package)["codeassist.arguments"]["default"] == ["lsp"]
    assert package["version"] == __version__
    assert package["devDependencies"]["vscode-languageclient"].startswith("11.")


def test_the_vs_code_extension_is_made_of_exact_versions(package: dict[str, Any]) -> None:
    versions = package["devDependencies"].values()  # what is bundled needs nothing at run time
    assert "dependencies" not in package
    assert [version for version in versions if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
    assert package["devDependencies"]["@types/vscode"] == package["engines"]["vscode"].removeprefix("^")


def test_vs_code_is_offered_every_setting_of_the_server(package: dict[str, Any]) -> None:
    assert vscode_settings.text_of(vscode_settings.written(package)) == text_of("vscode/package.json"), (
        "run `make docs`"
    )
    offered = {name.removeprefix("codeassist.") for name in properties_of(package)}
    missing = {name for name in documented_settings() if name not in offered}
    left_out = {name for name in missing if name.partition(".")[0] in vscode_settings.SECTIONS_LEFT_OUT}
    assert missing - left_out <= set(vscode_settings.LEFT_OUT)


def test_a_folder_decides_in_vs_code_what_a_projects_file_may_decide_and_no_more(package: dict[str, Any]) -> None:
    properties = properties_of(package)
    of_folders = {name for name, described in properties.items() if described["scope"] != "machine"}
    allowed = {f"codeassist.{name}" for name in PROJECT_SETTINGS} | {"codeassist.enable", "codeassist.trace.server"}
    assert of_folders <= allowed
    assert set(package["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"]) == of_folders
    assert {described["scope"] for described in properties.values()} == {"machine", "window"}


def test_vs_codes_own_settings_are_read_and_documented(package: dict[str, Any]) -> None:
    own = {name.removeprefix("codeassist.") for name in package["contributes"]["configuration"][0]["properties"]}
    known = re.search(r"const OWN = new Set\(\[(.*?)\]\)", sources())
    assert known is not None
    assert set(re.findall(r"'([\w.]+)'", known[1])) == own
    read = set(re.findall(r"\.get(?:<[^>]*>)?\('(\w+)'\)", sources()))
    assert own - read == {"trace.server"}  # the client library reads that one
    assert all(f"`codeassist.{name}`" in text_of("vscode/README.md") for name in own)


def test_vs_code_commands_are_registered_and_documented(package: dict[str, Any]) -> None:
    commands = {command["command"]: command["title"] for command in package["contributes"]["commands"]}
    registered = re.findall(r"\b(?:on|at)\('(codeassist\.\w+)'", text_of("vscode/src/extension.ts"))
    assert sorted(registered) == sorted(commands)
    assert all(f"| {title} |" in text_of("vscode/README.md") for title in commands.values())


def test_vs_code_runs_no_command_that_does_not_exist(package: dict[str, Any]) -> None:
    own = {command["command"] for command in package["contributes"]["commands"]}
    servers = set(re.findall(r"^\| `(codeassist\.\w+)` \|", CONTRACT.read_text(encoding="utf-8"), re.MULTILINE))
    others = {*properties_of(package), "codeassist.hasNextEdit", "codeassist.running", "codeassist.later"}
    named = set(re.findall(r"['\"](codeassist\.\w+)['\"]", sources())) - {"codeassist.status"}
    assert named - own - servers - others - {"codeassist.openPlace"} == set()
    steps = package["contributes"]["walkthroughs"][0]["steps"]
    linked = set(re.findall(r"\(command:(codeassist\.\w+)\)", json.dumps(steps)))
    bound = {binding["command"] for binding in package["contributes"]["keybindings"]}
    assert (linked | bound) - own == set()


def test_every_step_of_the_walkthrough_has_its_picture(package: dict[str, Any]) -> None:
    (walkthrough,) = package["contributes"]["walkthroughs"]
    pictures = [step["media"]["svg"] for step in walkthrough["steps"]]
    assert 4 <= len(pictures) <= 5
    assert [name for name in [*pictures, package["icon"]] if not (FOLDER / "vscode" / name).is_file()] == []


async def test_vs_code_commands_do_not_clash_with_the_servers(session: Session, package: dict[str, Any]) -> None:
    capabilities = await session.ready()  # the client registers the server's commands under the same names
    own = {command["command"] for command in package["contributes"]["commands"]}
    assert not own & set(capabilities["executeCommandProvider"]["commands"])


def test_vs_code_knows_our_method_names_and_states() -> None:
    assert f"export const STATUS = '{STATUS}';" in sources()
    assert f"'{EXPLAIN}'" in sources()
    engines = re.search(r"const ENGINES: .*? = \{(.*?)\n\};", sources(), re.DOTALL)
    assert engines is not None
    assert set(re.findall(r"^  (\w+):", engines[1], re.MULTILINE)) == STATES
    methods = set(re.findall(r"'((?:textDocument|codeassist)/\w+)'", sources()))
    assert [method for method in methods if method not in CONTRACT.read_text(encoding="utf-8")] == []


def test_neovim_starts_the_program_that_we_install() -> None:
    assert f"cmd = {{ '{script_name()}', 'lsp', '--stdio' }}" in text_of("neovim/README.md")
    script = text_of("neovim/lua/codeassist/server.lua")
    assert f"cmd = {{ M.find() or '{script_name()}', 'lsp', '--stdio' }}" in script
    assert f"['{STATUS}']" in script


@pytest.mark.parametrize("name", ["neovim/README.md", "neovim/doc/codeassist.txt", "vscode/README.md"])
def test_settings_named_as_examples_exist(name: str) -> None:
    dotted = re.findall(r"""['"]((?:engine|index|completion|review|server|log)\.\w+)['"]""", text_of(name))
    nested = re.findall(r"(engine|index|completion|server|log) = \{ (\w+) =", text_of(name))
    named = [*dotted, *(".".join(pair) for pair in nested)]
    assert named
    assert [setting for setting in named if setting not in documented_settings()] == []


def test_continue_asks_the_address_that_we_serve() -> None:
    models = yaml.safe_load(text_of("continue/config.yaml"))["models"]
    server = Settings().server
    for model in models:
        assert model["apiBase"].startswith(f"http://{server.host}:{server.port}/v1/")  # without the last slash /v1 goes
        assert model["apiKey"]
        # Continue sends such names to the chat endpoint.
        assert not model["model"].startswith(("o", "gpt"))
    (fills,) = (model for model in models if "autocomplete" in model["roles"])
    assert fills["provider"] == "mistral"
    paths = {route.path for route in mistral_routes(FakeAssistant(ROOT))}
    assert urlsplit(fills["apiBase"] + "fim/completions").path in paths


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
