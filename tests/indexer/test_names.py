"""Names that a question spells exactly, and which definitions they mean."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indexer.embedding import HashingEmbedder
from indexer.names import Spelled, asked_names, exact, is_inside, only_name
from indexer.types import Query, Symbol, SymbolKind


def symbol(place: str, kind: SymbolKind = "class", path: str = "web/http.py", line: int = 1) -> Symbol:
    container, _, name = place.rpartition(".")
    return Symbol(name, kind, path, line, line, "", container)


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("Request.body", Spelled("body", ("Request",))),
        ("web.http.Request", Spelled("Request", ("web", "http"))),
        ("Vec::push", Spelled("push", ("Vec",))),
        ("Parser#parse()", Spelled("parse", ("Parser",))),
        ("class Response", Spelled("Response")),
        ("DiGraph class", Spelled("DiGraph")),
        ("the `parse_url` function?", Spelled("parse_url")),
        ("where is State defined", Spelled("State")),
        ("get", Spelled("get")),
        ("class String", Spelled("String")),
        ("parse the url", None),
        ("open assistant", None),
        ("class function", None),
        ("what?!", Spelled("what")),
        ("...", None),
        ("a-b", None),
        ("", None),
    ],
)
def test_a_question_that_is_one_name_is_known(question: str, name: Spelled | None) -> None:
    assert only_name(question) == name


BODY, OTHER_BODY = symbol("Request.body", "method", line=9), symbol("Response.body", "method")
STATE, STATE_FIELD = symbol("State", path="z.py"), symbol("App.state", "method")

# name, definitions, those that come first
EXACT = [
    (Spelled("body", ("Request",)), [OTHER_BODY, BODY], [BODY]),
    (Spelled("body", ("http", "Request")), [OTHER_BODY, BODY], [BODY]),
    (Spelled("body", ("Inheriting",)), [OTHER_BODY, BODY], []),
    (Spelled("body", ("alias",)), [OTHER_BODY, BODY], [OTHER_BODY, BODY]),
    (Spelled("State"), [STATE_FIELD, STATE], [STATE]),
    (Spelled("Nothing"), [STATE], []),
    (Spelled("size"), [symbol("A.size", "field")], []),
    (Spelled("max_size"), [symbol("A.max_size", "field")], [symbol("A.max_size", "field")]),
    (Spelled("size", ("A",)), [symbol("A.size", "field")], [symbol("A.size", "field")]),
    (
        Spelled("run_it"),
        [symbol("A.run_it", "field"), symbol("A.run_it", "method"), symbol("run_it", "function", "tests/a.py"),
         symbol("run_it", "constant"), symbol("run_it", "function")],
        [symbol("run_it", "function"), symbol("A.run_it", "method"), symbol("run_it", "constant"),
         symbol("A.run_it", "field"), symbol("run_it", "function", "tests/a.py")],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "symbols", "first"), EXACT)
def test_definitions_of_exactly_the_name_come_first(asked: Spelled, symbols: list[Symbol], first: list[Symbol]) -> None:
    assert exact(asked, symbols) == first


@pytest.mark.parametrize(
    ("container", "path", "asked", "inside"),
    [
        ("Request", "web/http.py", ("Request",), True),
        ("Request", "web/http.py", ("http", "Request"), True),
        ("Outer.Request", "web/http.py", ("Request",), True),
        ("", "web/http.py", ("http",), True),
        ("", "web/__init__.py", ("web",), True),
        ("MyRequest", "web/http.py", ("Request",), False),
        ("", "web/http.py", ("Request",), False),
    ],
)
def test_a_container_is_the_end_of_a_dotted_place(
    container: str, path: str, asked: tuple[str, ...], inside: bool
) -> None:
    assert is_inside(Symbol("body", "method", path, 1, 1, "", container), asked) is inside


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("how does Request.body stream", [Spelled("body", ("Request",))]),
        ("where is parse_url called", [Spelled("parse_url")]),
        ("what raises HTTPError?", [Spelled("HTTPError")]),
        ("open assistant", [Spelled("openassistant"), Spelled("open_assistant")]),
        ("router", [Spelled("router")]),
        ("how requests are routed", []),
        ("", []),
    ],
)
def test_a_question_spells_names_as_code_does(question: str, names: list[Spelled]) -> None:
    assert asked_names(question) == names


FILES = {
    "app.py": "class App:\n    def mount(self):\n        return Router().mount()\n\n\n"
    "class AppMount:\n    app_mount = 'Router mount'\n",
    "limits.py": "class RouterMountLimit:\n    '''Router.mount, Router.mount: limit of the router mount.'''\n\n"
    "    def limit_router_mount(self):\n        return 'Router mount'\n",
    "routing.py": "x = 1\n" * 45
    + "\n\nclass Router:\n"
    + "    a = 1\n" * 45
    + "\n    def mount(self):\n        pass\n",
    "state.py": "class WebSocketState:\n    ROUTER = 1\n\n\nclass Request:\n    def router(self):\n        pass\n",
}


@pytest.mark.parametrize(
    ("words", "symbol"), [("Router.mount", "Router.mount"), ("class Router", "Router"), ("Router", "Router")]
)
def test_what_is_spelled_exactly_is_the_first_hit(
    repository: Callable[[dict[str, Any]], Path], open_index: Any, words: str, symbol: str
) -> None:
    index = open_index(repository(FILES), embedder=HashingEmbedder())
    index.refresh()
    hits = index.search(Query(words), 5)
    assert hits[0].symbol == symbol
    assert len(hits) > 1
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
