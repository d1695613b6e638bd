from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from fake_assistant import FakeAssistant
from lsp_session import Session, connected


@pytest.fixture(autouse=True)
def garbage_as_it_was() -> Iterator[None]:
    """A server keeps what is in memory for good; tests go on for long after its end."""
    yield
    gc.unfreeze()


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[Session]:
    async with connected(FakeAssistant(tmp_path)) as made:
        yield made
