from __future__ import annotations

from typing import Any


async def test_one_model_is_told_as_the_list_tells_it(endpoint: Any) -> None:
    async with endpoint() as e:
        listed = (await e.client.get("/v1/models")).json()["data"]
        model = (await e.client.get("/v1/models/scripted")).json()
    assert [model] == listed
    assert model["max_model_len"] == 4096


async def test_another_model_is_told_which_there_are(endpoint: Any) -> None:
    async with endpoint() as e:
        response = await e.client.get("/v1/models/org/other")
    assert response.status_code == 404
    error = response.json()["error"]
    assert (error["code"], error["param"]) == ("model_not_found", "model")
    assert "no model 'org/other' here, but scripted" in error["message"]
