from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fake_assistant import FakeAssistant
from lsp_session import Session, connected


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[Session]:
    async with connected(FakeAssistant(tmp_path)) as made:
        yield made
