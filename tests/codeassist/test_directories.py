"""Where this user's files are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from codeassist.directories import (
    active_environment,
    cache_directory,
    cargo_home,
    data_directory,
    go_module_cache,
    runtime_directory,
)


def test_directories_follow_the_desktop_conventions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1000")
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert data_directory() == Path("/data/codeassist")
    assert runtime_directory() == Path("/run/user/1000/codeassist")
    assert cache_directory() == Path("/caches/codeassist")


def test_directories_have_places_below_home_without_the_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert data_directory() == Path.home() / ".local" / "share" / "codeassist"
    assert cache_directory() == runtime_directory() == Path.home() / ".cache" / "codeassist"


# variables, the active Python environment, Go's module cache, Cargo's home
TOOLS: list[tuple[dict[str, str], str | None, str, str]] = [
    ({}, None, "~/go/pkg/mod", "~/.cargo"),
    ({"VIRTUAL_ENV": "/v", "GOPATH": "/g:/h", "CARGO_HOME": "/c"}, "/v", "/g/pkg/mod", "/c"),
    ({"CONDA_PREFIX": "/conda", "GOMODCACHE": "/mods", "GOPATH": "/g"}, "/conda", "/mods", "~/.cargo"),
]


@pytest.mark.parametrize("number", range(len(TOOLS)))
def test_tools_keep_libraries_where_they_say(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    variables, environment, go, cargo = TOOLS[number]
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX", "GOPATH", "GOMODCACHE", "CARGO_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert active_environment() == environment
    assert go_module_cache() == Path(go).expanduser()
    assert cargo_home() == Path(cargo).expanduser()
