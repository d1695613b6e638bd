"""Model directories for the tests of engines."""

from pathlib import Path

import pytest
from tiny_model import write_model

from codeassist.models.directory import shipped_model


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the shipped architecture with random weights."""
    sources = [path.read_text() for path in sorted(Path(__file__).parent.glob("*.py"))]
    return write_model(tmp_path_factory.mktemp("models") / "tiny", sources)


@pytest.fixture(scope="session")
def real_model(tiny_model: Path) -> Path:
    """The shipped model; the tiny one in a source tree without it."""
    return shipped_model() if (shipped_model() / "config.json").exists() else tiny_model
