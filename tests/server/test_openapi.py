from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

from starlette.routing import Route

from codeassist.assistant import Assistant
from codeassist.engine.scripted import ScriptedEngine
from codeassist.server.app import create_app
from codeassist.server.health import IndexHealth
from codeassist.server.openapi.document import openapi_document
from codeassist.server.service import Service
from codeassist.settings import Settings
from indexer.index import CodeIndex


def served() -> set[tuple[str, str]]:
    """Path and method of every route."""
    assistant = Assistant(Settings(), Path(), ScriptedEngine(), cast("CodeIndex", None))
    routes = [route for route in create_app(Service(assistant), IndexHealth()).routes if isinstance(route, Route)]
    return {
        (re.sub(r":\w+}", "}", route.path), method.lower())
        for route in routes
        for method in (route.methods or set()) - {"HEAD"}
    }


def described() -> set[tuple[str, str]]:
    return {(path, method) for path, operations in openapi_document()["paths"].items() for method in operations}


def test_every_route_is_described_and_every_description_has_its_route() -> None:
    assert served() - described() == set()
    assert described() - served() == set()


def test_every_reference_leads_somewhere() -> None:
    document = openapi_document()

    def look(value: Any) -> None:
        if isinstance(value, list):
            for item in value:
                look(item)
        if isinstance(value, dict):
            if "$ref" in value:
                assert value["$ref"].removeprefix("#/components/schemas/") in document["components"]["schemas"]
            for item in value.values():
                look(item)

    look(document)


async def test_the_document_is_served(endpoint: Any) -> None:
    async with endpoint() as e:
        response = await e.client.get("/openapi.json")
    assert response.headers["content-type"] == "application/json"
    assert response.json() == openapi_document()
