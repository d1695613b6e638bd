"""How each family of languages finds the files of its libraries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from indexer.dependencies import crates, go_packages, node_modules, site_packages
from indexer.dependencies.types import Location, Module, Scope
from indexer.types import Import


@dataclass(frozen=True, slots=True)
class Ecosystem:
    """Looks at the disk, and never outside of the roots of a scope.

    find_module: by the name that a file of the workspace spells; find_imported: by an import in a file of a library;
    find_submodule: by the name of what holds it. home_of: the module of a file. package_of: name and version of what a
    file was installed with. separator: between a module and one that it holds, "" where names do not tell.
    """

    find_module: Callable[[Scope, str], Module | None]
    find_imported: Callable[[Scope, Location, Import], Module | None]
    find_submodule: Callable[[Scope, Module, str], Module | None]
    home_of: Callable[[Scope, Location], Module]
    package_of: Callable[[Location], str]
    separator: str = ""


ECOSYSTEMS = {
    "python": Ecosystem(
        site_packages.find_module,
        site_packages.find_imported,
        site_packages.find_submodule,
        site_packages.home_of,
        site_packages.package_of,
        ".",
    ),
    "javascript": Ecosystem(
        node_modules.find_module,
        node_modules.find_imported,
        node_modules.find_submodule,
        node_modules.home_of,
        node_modules.package_of,
    ),
    "go": Ecosystem(
        go_packages.find_module,
        go_packages.find_imported,
        go_packages.find_submodule,
        go_packages.home_of,
        go_packages.package_of,
    ),
    "rust": Ecosystem(
        crates.find_module,
        crates.find_imported,
        crates.find_submodule,
        crates.home_of,
        crates.package_of,
        "::",
    ),
}
