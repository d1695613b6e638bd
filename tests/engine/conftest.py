"""Model directories for the tests of engines, and the engine that several files of them share."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from small_adapter import write_adapter
from tiny_model import write_model

from codeassist.engine.choose import open_embedded
from codeassist.engine.embedded import EmbeddedEngine
from codeassist.models.directory import shipped_model
from codeassist.settings import EngineSettings


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the shipped architecture with random weights."""
    sources = [path.read_text() for path in sorted(Path(__file__).parent.glob("*.py"))]
    return write_model(tmp_path_factory.mktemp("models") / "tiny", sources)


@pytest.fixture(scope="session")
def real_model(tiny_model: Path) -> Path:
    """The shipped model; the tiny one in a source tree without it."""
    return shipped_model() if (shipped_model() / "config.json").exists() else tiny_model


@pytest.fixture(scope="session")
def first_adapter(real_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The adapter that the adaptable engine was started with."""
    return write_adapter(tmp_path_factory.mktemp("adapters") / "first", real_model, seed=5)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def adaptable_engine(real_model: Path, first_adapter: Path) -> AsyncIterator[EmbeddedEngine]:
    """A real vLLM that takes adapters, in float32. What asks it runs in the session's event loop."""
    settings = replace(EngineSettings(), kv_cache_gib=0.5, dtype="float32")
    engine = open_embedded(replace(settings, model=str(real_model), lora=str(first_adapter)))
    try:
        await engine.start()
        yield engine
    finally:
        await engine.close()
