"""Where the libraries of a workspace are, by its folders and build files."""

from __future__ import annotations

from pathlib import Path

import pytest
from library_world import write_files

from indexer.dependencies.build import crate_versions, go_requirements
from indexer.dependencies.environments import find_scope
from indexer.dependencies.types import Installed, Scope

PYTHON = "lib/python3.12/site-packages"
CFG = "pyvenv.cfg"


def scope_in(tmp_path: Path, files: tuple[str, ...], family: str, folder: str = "", **installed: str) -> Scope:
    root = write_files(tmp_path / "workspace", dict.fromkeys(files, ""))
    options = {name: str(tmp_path / path) for name, path in installed.items()}
    scope = find_scope(root, family, folder, Installed(**options))
    assert scope is not None
    return scope


def roots(tmp_path: Path, *arguments: object, **installed: str) -> list[str]:
    """Roots as seen from the folder that holds the workspace."""
    scope = scope_in(tmp_path, *arguments, **installed)  # type: ignore[arg-type]
    return [Path(root).relative_to(tmp_path).as_posix() for root in scope.roots]


# files of the workspace, folder of the asking file, the roots
PLACES: dict[str, tuple[tuple[str, ...], str, list[str]]] = {
    ".venv": ((f".venv/{CFG}", f".venv/{PYTHON}/a.py"), "", [f"workspace/.venv/{PYTHON}"]),
    "venv": ((f"venv/{CFG}", f"venv/{PYTHON}/a.py"), "src/app", [f"workspace/venv/{PYTHON}"]),
    ".venv before venv": (
        (f"venv/{CFG}", f"venv/{PYTHON}/a.py", f".venv/{CFG}", f".venv/{PYTHON}/a.py"),
        "",
        [f"workspace/.venv/{PYTHON}"],
    ),
    "any name": ((f"py312/{CFG}", f"py312/{PYTHON}/a.py"), "", [f"workspace/py312/{PYTHON}"]),
    "the nearest": (
        (f".venv/{CFG}", f".venv/{PYTHON}/a.py", f"api/.venv/{CFG}", f"api/.venv/{PYTHON}/a.py"),
        "api/app",
        [f"workspace/api/.venv/{PYTHON}"],
    ),
    "the newest Python of several": (
        (f".venv/{CFG}", ".venv/lib/python3.9/site-packages/a.py", ".venv/lib/python3.12/site-packages/a.py"),
        "",
        [f"workspace/.venv/{PYTHON}"],
    ),
    "on Windows": ((f".venv/{CFG}", ".venv/Lib/site-packages/a.py"), "", ["workspace/.venv/Lib/site-packages"]),
    "conda": (("env/conda-meta/history", f"env/{PYTHON}/a.py"), "", [f"workspace/env/{PYTHON}"]),
    "tox": (
        (f".tox/py39/{CFG}", f".tox/py39/{PYTHON}/a.py", f".tox/py312/{CFG}", f".tox/py312/{PYTHON}/a.py"),
        "",
        [f"workspace/.tox/py312/{PYTHON}"],
    ),
    "PEP 582": (("__pypackages__/3.12/lib/a.py",), "", ["workspace/__pypackages__/3.12/lib"]),
    "no environment": ((f"venv/{PYTHON}/a.py",), "", []),
    "leaves the workspace": ((f"../out/.venv/{CFG}", f"../out/.venv/{PYTHON}/a.py"), "../out", []),
}


@pytest.mark.parametrize("case", PLACES)
def test_python_environments_are_found(tmp_path: Path, case: str) -> None:
    files, folder, expected = PLACES[case]
    assert roots(tmp_path, files, "python", folder) == expected


def test_a_setting_names_another_environment_and_the_active_one_is_the_last_resort(tmp_path: Path) -> None:
    write_files(tmp_path, {f"mine/{PYTHON}/a.py": "", f"active/{PYTHON}/a.py": ""})
    own = (f".venv/{CFG}", f".venv/{PYTHON}/a.py")
    assert roots(tmp_path, own, "python", environment="mine") == [f"mine/{PYTHON}"]
    assert roots(tmp_path, own, "python", active="active") == [f"workspace/.venv/{PYTHON}"]
    scope = find_scope(tmp_path / "bare", "python", "", Installed(active=str(tmp_path / "active")))
    assert scope is not None
    assert scope.roots == (str(tmp_path / "active" / PYTHON),)


def test_node_modules_are_those_of_the_folder_and_above(tmp_path: Path) -> None:
    files = ("node_modules/a/index.js", "web/node_modules/b/index.js", "other/node_modules/c/index.js")
    assert roots(tmp_path, files, "javascript", "web/src") == ["workspace/web/node_modules", "workspace/node_modules"]


def test_other_languages_are_not_followed(tmp_path: Path) -> None:
    assert find_scope(tmp_path, "jvm", "", Installed()) is None


GO_MOD = """module example.org/shop

go 1.22

require github.com/BurntSushi/toml v1.3.2
require (
	github.com/gin-gonic/gin v1.9.1
	golang.org/x/text v0.14.0 // indirect
	example.org/local v0.0.0
	example.org/old v1.0.0
)

replace example.org/local => ../local
replace example.org/old v1.0.0 => example.org/new v2.0.1-rc.1
require evil.org/../../etc v1.0.0
"""


def test_go_mod_says_where_modules_are() -> None:
    assert go_requirements(GO_MOD) == {
        "github.com/BurntSushi/toml": "github.com/!burnt!sushi/toml@v1.3.2",
        "github.com/gin-gonic/gin": "github.com/gin-gonic/gin@v1.9.1",
        "golang.org/x/text": "golang.org/x/text@v0.14.0",
        "example.org/old": "example.org/new@v2.0.1-rc.1",
    }


def test_go_modules_are_in_vendor_or_in_the_cache(tmp_path: Path) -> None:
    root = write_files(tmp_path / "workspace", {"api/go.mod": GO_MOD})
    cache = Installed(go=str(tmp_path / "mod"))
    scope = find_scope(root, "go", "api/cmd", cache)
    assert scope is not None
    assert scope.packages["github.com/gin-gonic/gin"].path == "github.com/gin-gonic/gin@v1.9.1"
    assert scope.roots == (str(tmp_path / "mod"),)
    write_files(root, {"api/vendor/modules.txt": ""})
    scope = find_scope(root, "go", "api/cmd", cache)
    assert scope is not None
    assert scope.packages["github.com/gin-gonic/gin"].path == "github.com/gin-gonic/gin"
    assert scope.roots == (str(root / "api/vendor"),)


CARGO_LOCK = """
version = 3
[[package]]
name = "app"
version = "0.1.0"
dependencies = ["serde", "rand 0.7.3"]
[[package]]
name = "serde"
version = "1.0.9"
source = "registry+https://github.com/rust-lang/crates.io-index"
[[package]]
name = "serde"
version = "1.0.10"
source = "registry+https://github.com/rust-lang/crates.io-index"
[[package]]
name = "rand"
version = "0.8.5"
source = "registry+https://github.com/rust-lang/crates.io-index"
[[package]]
name = "rand"
version = "0.7.3"
source = "registry+https://github.com/rust-lang/crates.io-index"
[[package]]
name = "../../etc"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
"""


def test_cargo_lock_says_which_version() -> None:
    assert crate_versions(CARGO_LOCK) == {"serde": "1.0.10", "rand": "0.7.3"}


BROKEN_LOCKS = [
    "",
    "][",
    "package = 3",
    "[[package]]\nname = 1",
    "[[package]]\ndependencies = 5",
    "a = " + "1" * 5_000,
    "a." * 100_000 + "b = 1",
]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", BROKEN_LOCKS)
def test_a_broken_lock_says_nothing(text: str) -> None:
    assert crate_versions(text) == {}
    assert go_requirements(text) == {}


def test_crates_are_in_vendor_or_in_the_registry(tmp_path: Path) -> None:
    root = write_files(tmp_path / "workspace", {"Cargo.lock": CARGO_LOCK, "vendor/rand/Cargo.toml": ""})
    write_files(tmp_path, {"cargo/registry/src/index.crates.io-1/serde-1.0.10/Cargo.toml": ""})
    scope = find_scope(root, "rust", "src", Installed(cargo=str(tmp_path / "cargo")))
    assert scope is not None
    assert {name: place.path for name, place in scope.packages.items()} == {"serde": "serde-1.0.10", "rand": "rand"}


def finder(mapping: object) -> str:
    """As setuptools writes it for a flat layout."""
    return f"import sys\nMAPPING: dict[str, str] = {mapping!r}\nNAMESPACES: dict[str, list[str]] = {{}}\n"


def test_what_is_installed_in_place_is_found_where_it_lies(tmp_path: Path) -> None:
    others = ("beside/src/one/__init__.py", "beside/two/__init__.py", "beside/other_name/a.py", "workspace/own/a.py")
    write_files(tmp_path, dict.fromkeys(others, ""))
    mapping = {
        "two": f"{tmp_path}/beside/two",
        "renamed": f"{tmp_path}/beside/other_name",
        "gone": f"{tmp_path}/gone/gone",
    }
    files = {
        "__editable__.one-1.pth": f"# installed in place\n{tmp_path}/beside/src\n\nimport one\n{tmp_path}/missing\n",
        "__editable___two_1_finder.py": finder(mapping),
        "own.pth": f"{tmp_path}/workspace\n.\n",
    }
    write_files(tmp_path / "active" / PYTHON, files)
    scope = find_scope(tmp_path / "workspace", "python", "", Installed(active=str(tmp_path / "active")))
    assert scope is not None
    assert scope.roots == tuple(f"{tmp_path}/{root}" for root in (f"active/{PYTHON}", "beside/src", "beside"))


STRANGE = [
    "\0",
    "/etc/\0x",
    "\xff\xfe",
    "x" * 300_000,
    "x" * 300,
    "/y/" * 3_000,
    "import os; os.abort()",
    "/etc/passwd",
    "'a.b.c': 'c'",
    "'': ''",
    "'c': 'c'",
    "'c': '/\\ud800/c'",
]


@pytest.mark.parametrize("text", STRANGE)
def test_strange_path_files_add_nothing(tmp_path: Path, text: str) -> None:
    write_files(tmp_path / "active" / PYTHON, {"a.pth": text, "__editable___a_finder.py": f"MAPPING = {{{text}}}\n"})
    scope = find_scope(tmp_path, "python", "", Installed(active=str(tmp_path / "active")))
    assert scope is not None
    assert scope.roots == (str(tmp_path / "active" / PYTHON),)


def test_an_environment_in_the_workspace_points_nowhere_else(tmp_path: Path) -> None:
    write_files(tmp_path, {"beside/one/__init__.py": ""})
    site_packages = tmp_path / "workspace/.venv" / PYTHON
    write_files(site_packages, {"one.pth": f"{tmp_path}/beside\n", "../../../pyvenv.cfg": ""})
    scope = find_scope(tmp_path / "workspace", "python", "", Installed())
    assert scope is not None
    assert scope.roots == (str(site_packages),)
