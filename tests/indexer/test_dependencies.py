"""Names that a file imports from installed libraries are shown with their signatures: Python."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from library_world import library_hits, open_with_libraries, places, query_at, write_environment, write_files

from indexer.index import CodeIndex
from indexer.types import Query

PACKAGES = {
    "wire-2.1.0.dist-info/METADATA": "Name: wire\n",
    "wire-2.1.0.dist-info/top_level.txt": "wire\n",
    "wire/__init__.py": (
        "from ._impl import *\n"
        "from .client import Client as Client, connect\n"
        "from . import codes\n"
        "from .lazy import __version__\n"
        "try:\n    from ._speedups import pack\nexcept ImportError:\n    from .slow import pack\n"
        "import typing\nif typing.TYPE_CHECKING:\n    from .answers import Answer\n"
        "Pool = client.Client\n"
        "DEFAULT: Client = Client()\n"
    ),
    "wire/_impl.py": (
        "__all__ = ['encode', 'decode']\n\n\ndef encode(text: str, *, strict: bool = False) -> bytes:\n"
        '    """Text as bytes."""\n    return b""\n\n\ndef decode(content: bytes) -> str: ...\n\n\ndef hidden(): ...\n'
    ),
    "wire/slow.py": "def pack(values: list[int]) -> bytes:\n    return b''\n",
    "wire/codes.py": "OK = 200\n\n\ndef reason(code: int) -> str:\n    return ''\n",
    "wire/base.py": (
        "class Base:\n    def close(self, now: bool = True) -> None:\n        pass\n\n    def _private(self): ...\n"
    ),
    "wire/client.py": (
        "from .base import Base\nfrom .answers import Answer\nfrom contextlib import contextmanager\n\n\n"
        "class Client(Base):\n"
        '    """Talks to a server."""\n\n'
        "    def __init__(\n        self,\n        host: str,\n"
        + "".join(f"        option_{number}: int = {number},\n" for number in range(14))
        + "        *,\n        timeout: float = 5.0,  # seconds (not ms)\n    ) -> None:\n        self.host = host\n\n"
        "    @property\n    def answer(self) -> Answer:\n        return Answer()\n\n"
        "    def get(self, url: str) -> Answer:\n"
        '        """Fetch a thing."""\n        return Answer()\n\n'
        "    @classmethod\n    def local(cls) -> 'Client': ...\n\n"
        "    def renamed(self) -> typing.Self: ...\n\n\n"
        "def connect(host: str) -> Client | None:\n    return Client(host)\n\n\n"
        "def wrapped(function):\n    return function\n"
    ),
    "wire/answers.py": "class Answer:\n    code: int\n\n    def json(self, **options: object) -> dict: ...\n",
    "wire/lazy.py": "__version__ = '2.1.0'\n",
    "wire/deep/__init__.py": "",
    "wire/deep/tools.py": "def sharpen(edge: int) -> int: ...\n",
    "typed/__init__.py": "from typed.core import run\n",
    "typed/core.py": "def run(job, times=1):\n    return job\n",
    "typed/core.pyi": "def run(job: str, times: int = ...) -> bool: ...\n",
    "bare/__init__.py": "def shout(text): return text\n",
    "bare-stubs/__init__.pyi": "def shout(text: str) -> str: ...\n",
    "types_bare-1.5.dist-info/RECORD": "bare-stubs/__init__.pyi,sha256=x,1\n",
    "space/inner/part.py": "class Part:\n    def fit(self, slot: int) -> bool: ...\n",
    "single.py": "import typing\n\nclass Only:\n    @typing.overload\n    def at(self, place: int) -> str: ...\n"
    "    @typing.overload\n    def at(self, place: slice) -> list: ...\n    def at(self, place): return place\n",
    "single-3.0.dist-info/top_level.txt": "single\n",
    "doc_heavy.py": (
        "class App:\n    def route(\n        self,\n"
        + "".join(
            f'        option_{number}: Annotated[\n            int | None,\n            Doc(\n                """\n'
            f"                Says: (never closed {number}\n                " + '"""\n            ),\n'
            "        ] = None,\n"
            for number in range(6)
        )
        + "    ) -> Route: ...\n"
    ),
    "twice.py": "from wire import Client as Base\n\n\nclass Client(Base):\n    def more(self) -> int: ...\n",
    "circle_a.py": "from circle_b import thing\n",
    "circle_b.py": "from circle_a import thing\n",
}

REPOSITORY = {
    "shop/__init__.py": "",
    "shop/single.py": "class Mine: ...\n",
    "helpers.py": "def local_helper(): ...\n",
    "own.py": "from wire import *\n\ndef encode(): ...\n",
}

CLIENT = ("wire/client.py", "Client")

# the text at the cursor, what is shown of libraries in this order
FOUND = {
    "class of a package": ("import wire\n\nclient = wire.Client(|\n", [CLIENT]),
    "imported class": ("from wire import Client\n\nclient = Client(|\n", [CLIENT]),
    "by another name": ("from wire import Client as C\n\nclient = C(|\n", [CLIENT]),
    "module by another name": ("import wire as w\n\nclient = w.Client(|\n", [CLIENT]),
    "all of a module, through __init__": ("from wire import encode\n\nx = encode(|\n", [("wire/_impl.py", "encode")]),
    "all of a module in the asking file": ("from wire import *\n\nx = decode(|\n", [("wire/_impl.py", "decode")]),
    "conditional import": ("from wire import pack\n\nx = pack(|\n", [("wire/slow.py", "pack")]),
    "for type checkers": ("from wire import Answer\n\nx: Answer = |\n", [("wire/answers.py", "Answer")]),
    "another name in the package": ("from wire import Pool\n\nx = Pool(|\n", [CLIENT]),
    "submodule as a name": ("from wire import codes\n\ncodes.reason(|\n", [("wire/codes.py", "reason")]),
    "submodule of a submodule": (
        "import wire.deep.tools\n\nwire.deep.tools.sharpen(|\n",
        [("wire/deep/tools.py", "sharpen")],
    ),
    "namespace package": ("from space.inner.part import Part\n\nPart(|\n", [("space/inner/part.py", "Part")]),
    "module that is a file": ("from single import Only\n\nOnly(|\n", [("single.py", "Only")]),
    "stub beside": ("from typed import run\n\nrun(|\n", [("typed/core.pyi", "run")]),
    "stub package": ("from bare import shout\n\nshout(|\n", [("bare-stubs/__init__.pyi", "shout")]),
    "method of a variable": (
        "import wire\n\nclient = wire.Client('x')\nclient.get(|\n",
        [("wire/client.py", "Client.get"), CLIENT],
    ),
    "unfinished method": ("import wire\n\nclient = wire.Client('x')\nclient.ge|\n", [CLIENT]),
    "after the dot": ("import wire\n\nclient = wire.Client('x')\nclient.|\n", [CLIENT]),
    "annotated parameter": (
        "from wire import Client\n\ndef f(c: Optional[Client]):\n    c.get(|\n",
        [("wire/client.py", "Client.get"), CLIENT],
    ),
    "context manager": (
        "import wire\n\nwith wire.Client('x') as c:\n    c.close(|\n",
        [("wire/base.py", "Base.close"), CLIENT],
    ),
    "attribute of self": (
        "import wire\n\nclass A:\n    def __init__(self):\n        self.wire = wire.Client('x')\n\n"
        + "    def other(self): ...\n" * 20
        + "\n    def f(self):\n        self.wire.get(|\n",
        [("wire/client.py", "Client.get"), CLIENT],
    ),
    "what a method returns": (
        "import wire\n\nclient = wire.Client('x')\nanswer = client.get('u')\nanswer.json(|\n",
        [("wire/answers.py", "Answer.json"), ("wire/answers.py", "Answer"), ("wire/client.py", "Client.get"), CLIENT],
    ),
    "what a call in the line returns": (
        "import wire\n\nclient = wire.Client('x')\n\n\n\n\n\n\n\n\n\n\nclient.get(str(1)).json(|\n",
        [("wire/answers.py", "Answer.json"), ("wire/client.py", "Client.get"), ("wire/answers.py", "Answer"), CLIENT],
    ),
    "what a function returns": (
        "from wire import connect\n\nlink = connect('x')\nlink.get(|\n",
        [("wire/client.py", "Client.get"), CLIENT, ("wire/client.py", "connect")],
    ),
    "a property": (
        "import wire\n\nclient = wire.Client('x')\n\n\n\n\n\n\n\n\n\n\nclient.answer.json(|\n",
        [("wire/answers.py", "Answer.json"), ("wire/answers.py", "Answer"), CLIENT],
    ),
    "a constant": ("import wire\n\nwire.DEFAULT.close(|\n", [("wire/base.py", "Base.close"), CLIENT]),
    "a class method": (
        "from wire import Client\n\nc = Client.local()\nc.get(|\n",
        [("wire/client.py", "Client.get"), CLIENT, ("wire/client.py", "Client.local")],
    ),
    "base class": (
        "from wire import Client\n\nclass Mine(Client):\n    def go(self):\n        x = 1\n        |\n",
        [CLIENT],
    ),
    "method of the base class": (
        "from wire import Client\n\nclass Mine(Client):\n    def go(self):\n        self.get(|\n",
        [("wire/client.py", "Client.get"), CLIENT],
    ),
    "super": (
        "from wire import Client\n\nclass Mine(Client):\n    def close(self):\n        super().close(|\n",
        [("wire/base.py", "Base.close"), CLIENT],
    ),
    "base class of the same name": (
        "from twice import Client\n\nc = Client()\n\n\n\n\n\n\n\n\n\nc.close(|\n",
        [("wire/base.py", "Base.close"), ("twice.py", "Client")],
    ),
    "overloads": ("from single import Only\n\nOnly().at(|\n", [("single.py", "Only.at"), ("single.py", "Only")]),
    "module after the dot": ("import wire\n\nwire.|\n", [("wire/__init__.py", "wire")]),
    "import line": ("from wire import |\n", [("wire/__init__.py", "wire")]),
    "import inside a function": (
        "def f():\n    from wire import encode\n    encode(|\n",
        [("wire/_impl.py", "encode")],
    ),
    "same name as a module of the own package": ("import single\n\nsingle.Only(|\n", [("single.py", "Only")]),
    "unfinished text": ("import wire\n\ndef f(:\n  (((\n  wire.encode(|", [("wire/_impl.py", "encode")]),
    "in a string and a comment": ("import wire\n\nx = 'wire.encode('  # wire.encode(\ny = |\n", []),
    "not installed": ("import absent\n\nabsent.thing(|\n", []),
    "standard library": ("import json\n\njson.dumps(|\n", []),
    "no such name": ("from wire import nothing\n\nnothing(|\n", []),
    "imports in a circle": ("from circle_a import thing\n\nthing(|\n", []),
    "defined here": ("from wire import *\n\ndef encode(): ...\n\nencode(|\n", []),
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodeIndex]:
    folder = tmp_path_factory.mktemp("libraries")
    workspace = write_files(folder / "workspace", REPOSITORY)
    write_environment(workspace, PACKAGES)
    opened = open_with_libraries(workspace, folder)
    opened.refresh()
    yield opened
    opened.close()


@pytest.mark.parametrize("case", FOUND)
def test_what_is_named_near_the_cursor_is_found_where_it_is_installed(index: CodeIndex, case: str) -> None:
    marked, expected = FOUND[case]
    path = {"same name as a module of the own package": "shop/app.py", "defined here": "own.py"}.get(case, "app.py")
    assert places(library_hits(index, marked, path)) == expected


TEXTS = {
    "a class with its whole constructor, and what it inherits": (
        "import wire\n\nwire.Client(|\n",
        "class Client(Base):\n"
        '    """Talks to a server."""\n'
        "    def __init__(self, host: str, "
        + ", ".join(f"option_{number}: int = {number}" for number in range(14))
        + ", *, timeout: float = 5.0) -> None: ...\n"
        "    answer: Answer\n"
        "    def get(self, url: str) -> Answer: ...\n"
        "    def local(cls) -> 'Client': ...\n"
        "    def renamed(self) -> typing.Self: ...\n"
        "    def close(self, now: bool = True) -> None: ...",
    ),
    "a method in its class": (
        "import wire\n\nclient = wire.Client('x')\nclient.get(|\n",
        'class Client:\n    def get(self, url: str) -> Answer:\n        """Fetch a thing."""\n        ...',
    ),
    "a function": (
        "import wire\n\nwire.encode(|\n",
        'def encode(text: str, *, strict: bool = False) -> bytes:\n    """Text as bytes."""\n    ...',
    ),
    "a head full of documentation": (
        "from doc_heavy import App\n\nApp().route(|\n",
        "class App:\n    def route(self, "
        + ", ".join(f"option_{number}: int | None = None" for number in range(6))
        + ") -> Route: ...",
    ),
    "typed overloads of a function without types": (
        "from single import Only\n\nOnly().at(|\n",
        "class Only:\n    @typing.overload\n    def at(self, place: slice) -> list: ...",
    ),
    "what a module offers, by its __all__": (
        "import wire._impl\n\nwire._impl.|\n",
        "def encode(text: str, *, strict: bool = False) -> bytes: ...\ndef decode(content: bytes) -> str: ...",
    ),
}


@pytest.mark.parametrize("case", TEXTS)
def test_a_prompt_is_shown_the_signature(index: CodeIndex, case: str) -> None:
    marked, expected = TEXTS[case]
    assert library_hits(index, marked)[0].text == expected


WHY = {
    "import wire\n\nwire.encode(|\n": "from wire 2.1.0, used here",
    "from bare import shout\n\nshout(|\n": "from types-bare 1.5, used here",
    "from single import Only\n\nOnly(|\n": "from single 3.0, used here",
    "from space.inner.part import Part\n\nPart(|\n": "from space, used here",
    "import wire\n\nwire.|\n": "what `wire` from wire 2.1.0 offers",
}


@pytest.mark.parametrize("marked", WHY)
def test_a_hit_says_which_version_it_comes_from(index: CodeIndex, marked: str) -> None:
    assert library_hits(index, marked)[0].why == WHY[marked]


def test_the_repository_comes_first_and_few_hits_are_of_libraries(index: CodeIndex) -> None:
    imported = ["encode", "decode", "pack", "Answer", "Client", "connect", "codes", "DEFAULT"]
    marked = f"from helpers import local_helper\nfrom wire import {', '.join(imported)}\n\n" + "".join(
        f"{name}(1)\n" for name in imported
    )
    library_hits(index, marked + "local_helper(|\n")
    hits = index.search(query_at(marked + "local_helper(|\n"), 20)
    sources = [hit.source for hit in hits]
    assert sources.count("dependency") == 6
    assert sources.index("definition") < sources.index("dependency")


def test_what_the_cursors_line_names_of_a_library_comes_behind_code_alike_and_before_the_rest(tmp_path: Path) -> None:
    use = "import wire\n\n\ndef {name}(text):\n    return wire.encode(text)\n"
    workspace = write_files(tmp_path / "workspace", {f"use{n}.py": use.format(name=f"act{n}") for n in range(9)})
    write_environment(workspace, PACKAGES)
    index = open_with_libraries(workspace, tmp_path)
    index.refresh()
    marked = "import wire\n\n\ndef act(text):\n    wire.decode(b'')\n    return wire.encode(|\n"
    library_hits(index, marked)
    hits = index.search(query_at(marked), 20)
    index.close()
    assert (hits[0].path, hits[-1].path) == ("use0.py", "use8.py")
    assert places([hit for hit in hits if hit.source == "dependency"]) == [
        ("wire/_impl.py", "encode"),
        ("wire/_impl.py", "decode"),
    ]


def test_hits_of_libraries_have_versions_like_those_of_the_repository(index: CodeIndex) -> None:
    (hit, *_) = library_hits(index, "import wire\n\nwire.encode(|\n")
    assert set(index.versions([hit.path, "helpers.py", "wire/_impl.py"])) == {hit.path, "helpers.py"}


def test_opening_a_document_finds_out_what_it_imports(index: CodeIndex) -> None:
    text = "from wire.deep.tools import sharpen\n\n"
    index.prepare("fresh/app.py", text)
    assert index.libraries is not None
    assert index.libraries.wait(60)
    hits = index.search(query_at(text + "sharpen(|\n", "fresh/app.py"), 20)
    assert places([hit for hit in hits if hit.source == "dependency"]) == [("wire/deep/tools.py", "sharpen")]


STRANGE = (
    Query("", path="app.py", source="import wire\nwire." + "x." * 5000, line=2),
    Query("", path="app.py", source="import wire\n" + "wire.encode(" * 500, line=2),
    Query("", path="app.py", source="import wire\nx = x.y\ny = y.x\nx.a.b.c\0\ud800", line=4),
    Query("", path="app.py", source="from wire..x import *\nfrom . import *\nimport " + "a." * 3000 + "b\n", line=1),
    Query("", path="../app.py", source="import wire\nwire.encode(", line=2),
    Query("", path="a\0b/app.py", source="import wire\nwire.encode(", line=2),
)


@pytest.mark.parametrize("number", range(len(STRANGE)))
@pytest.mark.timeout(60)
def test_a_strange_question_costs_no_error(index: CodeIndex, number: int) -> None:
    for _ in range(3):
        assert isinstance(index.search(STRANGE[number], 20), list)
        assert index.libraries is not None
        assert index.libraries.wait(60)


def test_without_libraries_nothing_is_asked(tmp_path: Path) -> None:
    workspace = write_files(tmp_path / "workspace", {})
    write_environment(workspace, PACKAGES)
    index = CodeIndex.open(workspace, directory=tmp_path / "index", embedder=None)
    index.refresh()
    assert index.search(query_at("import wire\n\nwire.encode(|\n"), 20) == []
    index.prepare("app.py", "import wire\n")
    assert index.versions(["/x//wire/__init__.py"]) == {}
    index.close()
