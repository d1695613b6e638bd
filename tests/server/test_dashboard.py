"""The dashboard's files: all of them served, with a policy that lets nothing else in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
UI = ROOT / "codeassist" / "server" / "ui"


async def test_the_page_and_all_its_parts_are_served(endpoint: Any) -> None:
    async with endpoint() as e:
        page = await e.client.get("/ui")
        parts = [await e.client.get(f"/ui/{file.name}") for file in UI.iterdir()]
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert {part.status_code for part in parts} == {200}
    assert {part.headers["content-type"].partition(";")[0] for part in parts} == {
        "text/html",
        "text/css",
        "text/javascript",
    }
    for answer in (page, *parts):
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self';")
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", ["other.js", "..%2fstatus.py", "../status.py", "%00", "ui"])
async def test_no_other_file_is(endpoint: Any, name: str) -> None:
    async with endpoint() as e:
        response = await e.client.get(f"/ui/{name}")
    assert response.status_code == 404


def test_the_files_name_nothing_elsewhere_and_put_no_text_in_as_markup() -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in UI.iterdir())
    assert set(re.findall(r"https?://[^\s'\"]+", text)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|style=|onclick=", text)
