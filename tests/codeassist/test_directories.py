"""Where this user's files are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from codeassist.directories import cache_directory, runtime_directory


def test_directories_follow_the_desktop_conventions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1000")
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert runtime_directory() == Path("/run/user/1000/codeassist")
    assert cache_directory() == Path("/caches/codeassist")


def test_directories_have_places_below_home_without_the_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_directory() == runtime_directory() == Path.home() / ".cache" / "codeassist"
