"""Where the tests of a file belong, by how the repository keeps its tests. Pure."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from indexer.languages import language_name
from indexer.ranking import is_test_path

# Of so many test files the habits of a repository are read.
MAX_READ = 2_000
_PATTERNS = ("test_{}", "{}_test", "{}.test", "{}.spec", "{}Test", "{}Tests", "{}_spec", "Test{}")
_USUAL = {
    "python": "test_{}", "go": "{}_test", "ruby": "{}_spec", "java": "{}Test", "kotlin": "{}Test", "scala": "{}Test",
    "c_sharp": "{}Tests", "php": "{}Test", "swift": "{}Tests", "javascript": "{}.test", "typescript": "{}.test",
    "tsx": "{}.test", "rust": "{}_test", "elixir": "{}_test",
}  # fmt: skip
_TEST_FOLDERS = ("tests", "test", "__tests__", "spec")
_SOURCE_FOLDERS = frozenset({"src", "lib", "main", "app"})


@dataclass(frozen=True, slots=True)
class PlaceOfTests:
    """The test file of a source. neighbour: another test file, to learn the style from; "" where there is none."""

    path: str
    is_new: bool
    neighbour: str


def place_of_tests(paths: Iterable[str], source: str) -> PlaceOfTests:
    """Where tests of `source` go. paths: every file of the repository."""
    suffix, stem = PurePosixPath(source).suffix, PurePosixPath(source).stem
    language = language_name(source)
    tests = sorted(path for path in paths if is_test_path(path) and language_name(path) == language)
    if is_test_path(source):
        return PlaceOfTests(source, False, "")
    names = {f"{pattern.format(stem)}{suffix}" for pattern in _PATTERNS}
    own = [path for path in tests if posixpath.basename(path) in names]
    others = [path for path in tests if _pattern_of(path)]
    if own:
        path = min(own, key=lambda path: (-_kinship(path, source), len(path), path))
        return PlaceOfTests(path, False, path)
    neighbour = min(others, key=lambda path: (-_kinship(path, source), len(path), path), default="")
    return PlaceOfTests(_new_path(others[:MAX_READ], source, language), True, neighbour)


def _new_path(tests: Sequence[str], source: str, language: str) -> str:
    patterns = Counter(_pattern_of(path) for path in tests)
    pattern = patterns.most_common(1)[0][0] if patterns else _USUAL.get(language, "{}_test")
    pure = PurePosixPath(source)
    name = f"{pattern.format(pure.stem)}{pure.suffix}"
    return posixpath.join(_folder(tests, source, language), name)


def _folder(tests: Sequence[str], source: str, language: str) -> str:
    """The folder: beside the source, or in the test folder that mirrors the source's."""
    folder = posixpath.dirname(source)
    roots = Counter(root for path in tests if (root := _test_root(path)))
    n_beside = sum(1 for path in tests if not _test_root(path))
    if not tests:
        return folder if language == "go" or not folder else _usual_folder(source, language)
    if n_beside > sum(roots.values()) or not roots:
        return folder
    root = min(roots, key=lambda root: (-_kinship(f"{root}/x", source), -roots[root], root))
    inner = PurePosixPath(folder).relative_to(_common(root, folder)).parts
    folders = {posixpath.dirname(path) for path in tests}
    tails = [inner[start:] for start in range(len(inner) + 1)]
    mirrored = [posixpath.join(root, *tail) for tail in tails]
    if found := next((candidate for candidate in mirrored if candidate in folders), None):
        return found
    return root


def _usual_folder(source: str, language: str) -> str:
    first = source.split("/", 1)[0]
    if language in ("java", "kotlin", "scala") and "/main/" in source:
        return posixpath.dirname(source.replace("/main/", "/test/", 1))
    return posixpath.dirname(source) if language in ("javascript", "typescript", "tsx") and first == "src" else "tests"


def _pattern_of(path: str) -> str:
    """The first pattern that the name of a test file follows, "" for helpers."""
    stem = PurePosixPath(path).stem
    for pattern in _PATTERNS:
        before, after = pattern.split("{}")
        bare = stem.removeprefix(before).removesuffix(after)
        if bare and stem == pattern.format(bare) and bare != stem:
            return pattern
    return ""


def _test_root(path: str) -> str:
    """The outermost test folder that a path lies in, "" for none."""
    parts = path.split("/")[:-1]
    at = next((index for index, part in enumerate(parts) if part in _TEST_FOLDERS), None)
    return "" if at is None else "/".join(parts[: at + 1])


def _common(root: str, folder: str) -> str:
    """The folders that a test folder and a source share from the root on."""
    shared = []
    for one, other in zip(posixpath.dirname(root).split("/"), folder.split("/"), strict=False):
        if one != other or not one:
            break
        shared.append(one)
    return "/".join(shared)


def _kinship(path: str, source: str) -> int:
    """How alike the folders of a test file and of a source are; the inner ones, and those that say more than `src`, say
    most."""
    folder = posixpath.dirname(source)
    own = [part for part in folder.split("/") if part and part not in _SOURCE_FOLDERS]
    there = posixpath.dirname(path).split("/")
    shared = [part for part in _common(path, folder).split("/") if part]
    return 2 * sum(depth for depth, part in enumerate(own, 1) if part in there) + len(shared)
