from __future__ import annotations

from typing import Any

from codeassist import __version__


async def test_health_tells_engine_model_version_and_index(endpoint: Any) -> None:
    async with endpoint() as e:
        answer = (await e.client.get("/health")).json()
    assert answer["status"] == "ready"
    assert answer["model"] == "scripted"
    assert answer["version"] == __version__
    assert answer["workspace"] == str(e.assistant.workspace)
    assert answer["index"] == {
        "state": "none",
        "message": "",
        "files": 0,
        "chunks": 0,
        "symbols": 0,
        "vectors": False,
    }


async def test_health_answers_while_the_engine_is_not_there(endpoint: Any) -> None:
    async with endpoint(start=False) as e:
        response = await e.client.get("/health")
        assert (response.status_code, response.json()["status"]) == (200, "stopped")
        await e.engine.start()
        e.engine.crash()
        answer = (await e.client.get("/health")).json()
    assert answer["status"] == "restarting"
    assert "crash" in answer["engine"]["message"]
