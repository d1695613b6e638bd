"""A wheel, and the sources that one is built from, have every file that the program needs, and nothing else."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hatchling.builders.plugin.interface import BuilderInterface
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from codeassist.models.checksums import CHECKSUMS
from codeassist.models.directory import shipped_embedder, shipped_model

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("codeassist", "indexer", "lsp")


def packed(builder: BuilderInterface) -> set[str]:
    """Paths in the archive. The wheel's own folder of metadata, with the licence, is not listed."""
    return {file.distribution_path for file in builder.recurse_included_files()}


def sources() -> Iterator[str]:
    """What the packages consist of, as git has it or would have it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *PACKAGES],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return (name for name in listed.split("\0") if name and (ROOT / name).is_file())


@pytest.fixture(scope="module")
def wheel() -> set[str]:
    return packed(WheelBuilder(str(ROOT)))


def test_a_wheel_is_the_packages(wheel: set[str]) -> None:
    assert wheel == set(sources())


def test_the_licence_travels_with_it() -> None:
    assert WheelBuilder(str(ROOT)).metadata.core.license_files == ["LICENSE"]


def test_models_travel_with_their_hashes(wheel: set[str]) -> None:
    hashes = [folder / CHECKSUMS for folder in (shipped_model(), shipped_embedder())]
    named = [file.parent / line.split()[1] for file in hashes for line in file.read_text().splitlines()]
    assert {str(file.relative_to(ROOT)) for file in (*hashes, *named)} <= wheel


@pytest.mark.parametrize(
    "pattern",
    [
        "codeassist/server/ui/*",
        "codeassist/review/surprise/calibration.json",
        "indexer/fusion.json",
        "indexer/queries/*",
    ],
)
def test_what_is_read_when_the_program_runs_is_packed(pattern: str, wheel: set[str]) -> None:
    files = {str(file.relative_to(ROOT)) for file in ROOT.glob(pattern)}
    assert files
    assert files <= wheel


def test_the_sources_that_a_wheel_is_built_from_are_the_packages_and_what_describes_them() -> None:
    around = {".gitignore", "LICENSE", "PKG-INFO", "README.md", "pyproject.toml"}
    assert packed(SdistBuilder(str(ROOT))) - set(sources()) <= around
    assert set(sources()) <= packed(SdistBuilder(str(ROOT)))
