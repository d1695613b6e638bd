"""The documents say what the source says."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import cast

import pytest
import typer
from starlette.routing import Route

import codeassist
from codeassist.assistant import Assistant
from codeassist.cli import app
from codeassist.engine.scripted import ScriptedEngine
from codeassist.server.app import create_app
from codeassist.server.health import IndexHealth
from codeassist.server.service import Service
from codeassist.settings import Settings, documented_settings
from indexer.index import CodeIndex
from scripts.docs import CLIENTS, PART, content, generated
from scripts.docs import DOCUMENTS as GENERATED

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *sorted(path for folder in ("bench", "training", "extension-config") for path in (ROOT / folder).rglob("*.md")),
    *sorted((ROOT / "codeassist" / "models").rglob("*.md")),
]
NAMES = [path.relative_to(ROOT).as_posix() for path in DOCUMENTS if "node_modules" not in path.parts]

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def anchors(text: str) -> set[str]:
    """How a heading is spelled in a link, as code hosts do it."""
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in HEADING.findall(text)}


def broken_links(name: str) -> list[str]:
    broken = []
    for link in LINK.findall(read(name)):
        target, _, anchor = link.partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        path = (ROOT / name).parent / target if target else ROOT / name
        if not path.exists() or (anchor and anchor not in anchors(path.read_text(encoding="utf-8"))):
            broken.append(link)
    return broken


def commands() -> set[str]:
    return set(typer.main.get_group(app).commands)


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_somewhere(name: str) -> None:
    assert broken_links(name) == []


@pytest.mark.parametrize("path", GENERATED, ids=lambda path: path.name)
def test_generated_parts_are_up_to_date(path: Path) -> None:
    document = path.read_text(encoding="utf-8")
    assert PART.search(document)
    assert document == generated(document), "run `make docs`"


def test_lines_to_paste_into_an_editor_are_those_of_its_own_guide() -> None:
    editors = read("README.md").split("\n## Editors\n")[1].split("\n## ")[0]
    editors = PART.sub("", editors)
    guides = [path.read_text(encoding="utf-8") for path in (ROOT / "extension-config").glob("*/README.md")]
    pasted = re.findall(r"^    .+$", editors, re.MULTILINE)
    known = {line for guide in guides for line in guide.splitlines()}
    assert len(pasted) >= 3
    assert [line for line in pasted if line not in known] == []


def test_the_port_in_the_documents_is_the_port_of_the_server() -> None:
    port = str(Settings().server.port)
    clients = [path for name in CLIENTS for path in (ROOT / "extension-config" / name).rglob("*") if path.is_file()]
    texts = [read("README.md"), *(path.read_text(encoding="utf-8") for path in clients)]
    found = [set(re.findall(r"(?:127\.0\.0\.1|localhost):(83\d\d)", text)) for text in texts]
    assert found[0] == {port}
    assert set.union(*found) == {port}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_clients_guide_shows_each_of_its_files(client: str) -> None:
    """But for those that are alternatives to one that it shows."""
    folder = ROOT / "extension-config" / client
    files = {path.relative_to(ROOT).as_posix() for path in folder.iterdir() if path.is_file()}
    guide = f"extension-config/{client}/README.md"
    assert {name for _, kind, name, *_ in PART.findall(read(guide)) if kind == "file"} == files - {guide}


def test_every_public_route_stands_on_its_page_and_the_readme_names_none_that_is_not_there() -> None:
    assistant = Assistant(Settings(), Path(), ScriptedEngine(), cast("CodeIndex", None))
    served = create_app(Service(assistant), IndexHealth())
    routes = {route.path.replace(":path}", "}") for route in served.routes if isinstance(route, Route)}
    page = read("docs/http-endpoint.md")
    told = set(re.findall(r"[` ](/[\w./{}]*)`", page[: page.index("## A prompt")]))
    assert routes - told == set()
    assert set(re.findall(r"^\| `(?:GET|POST) (\S+)`", read("README.md"), re.MULTILINE)) - routes == set()


def test_every_setting_stands_in_the_readme_once() -> None:
    listed = re.findall(r"^\| `(\w+\.\w+)`", read("README.md"), re.MULTILINE)
    assert listed == list(documented_settings())


def test_every_command_stands_in_the_readme_and_exists() -> None:
    listed = re.findall(r"^\| `codeassist ([a-z-]+)", read("README.md"), re.MULTILINE)
    assert sorted(listed) == sorted(commands())


@pytest.mark.parametrize("name", NAMES)
def test_no_document_names_a_command_that_does_not_exist(name: str) -> None:
    named = set(re.findall(r"`codeassist ([a-z]+(?:-[a-z]+)*)\b", read(name)))
    assert named - commands() == set()


@pytest.mark.parametrize("name", NAMES)
def test_no_document_names_a_make_target_that_does_not_exist(name: str) -> None:
    targets = set(re.findall(r"^([a-z0-9]+):", read("Makefile"), re.MULTILINE))
    named = set(re.findall(r"(?:^    |`)make ([a-z0-9]+)\b", read(name), re.MULTILINE))
    assert named - targets == set()


def test_every_command_explains_itself() -> None:
    undocumented = [name for name, command in typer.main.get_group(app).commands.items() if not command.help]
    assert undocumented == []


def test_the_changelog_has_a_section_for_this_version() -> None:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    assert project["version"] == codeassist.__version__
    assert re.search(rf"^## \[{re.escape(codeassist.__version__)}\] - \d{{4}}-\d\d-\d\d$", read("CHANGELOG.md"), re.M)


def test_a_setting_that_lacks_a_meaning_would_be_seen() -> None:
    assert [name for name, meaning in documented_settings().items() if len(meaning) < 10] == []


def test_a_part_of_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown kind"):
        content("picture", "cat.png")


def test_an_outdated_part_is_seen() -> None:
    stale = "<!-- begin settings: log -->\n| old |\n<!-- end -->\n"
    assert "log.level" in generated(stale)
    assert generated(generated(stale)) == generated(stale)
