"""What heads of definitions and lines of code say: read from texts alone."""

from __future__ import annotations

import time

import pytest

from indexer.analysis import analyse
from indexer.dependencies.build import go_requirements
from indexer.dependencies.chains import chains_in
from indexer.dependencies.heads import bases_of, default_in, exports_in, types_of_value, with_whole_heads
from indexer.dependencies.imports import bound_names, may_be_library
from indexer.files import SourceFile
from indexer.types import Import, Symbol

CHAINS = {
    "wire.encode(x": [("wire", "encode")],
    "a.b.c.d": [("a", "b", "c", "d")],
    "client.": [("client", "*")],
    "x = client.inner.": [("client", "inner", "*")],
    "client.get(url).json(": [("client", "get", "()", "json"), ("client", "get")],
    "a.b(c.d(e.f)).g": [("a", "b", "()", "g"), ("e", "f"), ("c", "d"), ("a", "b")],
    "super().close(": [("self", "close")],
    "make().go": [("make", "()", "go")],
    "x['a.b'] # c.d": [],
    "1.5 + x": [],
    "a?.b": [("a", "b")],
    "Client::new(x)": [("Client", "new")],
    "c->get(": [("c", "get")],
    "plain": [],
    "": [],
}


@pytest.mark.parametrize("line", CHAINS)
def test_chains_of_names_are_read_the_last_first(line: str) -> None:
    assert list(chains_in(line)) == CHAINS[line]


def symbol(signature: str, kind: str = "function", name: str = "f") -> Symbol:
    return Symbol(name, kind, "a.py", 1, 1, signature)  # type: ignore[arg-type]


BASES = {
    ("python", "class A: ..."): [],
    ("python", "class A(B, c.D[int], Generic[T], metaclass=M):\n    x = f(Y)"): ["B", "c.D", "Generic"],
    ("python", "@register(Thing)\nclass A(\n    B,\n    C,\n):\n    x: int"): ["B", "C"],
    ("python", "class A:\n    x = f(B)"): [],
    ("javascript", "export class A<T> extends B<T> implements C, D {"): ["B", "C", "D"],
    ("javascript", "interface A {"): [],
}


@pytest.mark.parametrize(("family", "signature"), BASES)
def test_base_classes_are_read_from_the_head(family: str, signature: str) -> None:
    assert bases_of(symbol(signature, "class"), family) == BASES[family, signature]


VALUES = {
    ("python", "function", "def f(x: A) -> B: ..."): ["B"],
    ("python", "function", 'def f(x: A) -> "B | None":\n    """Gives -> C."""\n    ...'): ["B"],
    ("python", "function", "async def f(x) -> AsyncIterator[a.B]: ..."): ["AsyncIterator", "a.B"],
    ("python", "function", "def f(x: A): ..."): [],
    ("python", "method", "def f(self) -> typing.Self: ..."): ["typing.Self"],
    ("python", "constant", "x: B = make()"): ["B", "make"],
    ("python", "constant", "x = a.B(1)"): ["a.B"],
    ("python", "constant", "x = 3"): [],
    ("javascript", "function", "export declare function f(a: A, b: (x: X) => Y): Promise<B>;"): ["B"],
    ("javascript", "field", "readonly client: Client;"): ["Client"],
    ("go", "function", "func F(a A) (*B, error) { ... }"): ["B"],
    ("go", "method", "func (c *C) F(a A) *b.B { ... }"): ["b.B"],
    ("rust", "function", "pub fn f(a: A) -> Result<B, Error> { ... }"): ["B", "Error"],
}


@pytest.mark.parametrize(("family", "kind", "signature"), VALUES)
def test_types_of_values_are_read_from_the_head(family: str, kind: str, signature: str) -> None:
    assert types_of_value(symbol(signature, kind), family) == VALUES[family, kind, signature]


def test_names_that_a_module_gives_away() -> None:
    assert exports_in("__all__ = [\n    'a', \"b\",\n]\n__all__ += ('c',)\nx = ['d']\n") == ("a", "b", "c")
    assert exports_in("__all__: list[str] = []\n") == ()
    assert default_in("class A {}\nexport default A;\n") == "A"
    assert default_in("export = e;\n") == "e"
    assert default_in("export default function () {}\n") == ""


LIBRARIES = {
    ("python", "httpx"): True,
    ("python", ".httpx"): False,
    ("python", "json"): False,
    ("python", "os.path"): False,
    ("javascript", "@scope/name"): True,
    ("javascript", "./name"): False,
    ("javascript", "node:fs"): False,
    ("go", "github.com/a/b"): True,
    ("go", "net/http"): False,
    ("rust", "serde::de"): True,
    ("rust", "std::fmt"): False,
    ("rust", "crate::x"): False,
    ("jvm", "com.acme"): False,
}


@pytest.mark.parametrize(("family", "module"), LIBRARIES)
def test_imports_that_may_be_libraries(family: str, module: str) -> None:
    assert may_be_library(Import(module, "", "x", "a", 1), family) is LIBRARIES[family, module]


@pytest.mark.parametrize(
    ("module", "alias", "name"),
    [
        ("github.com/a/b/v2", "v2", "b"),
        ("gopkg.in/yaml.v3", "v3", "yaml"),
        ("github.com/a/go-redis", "go-redis", "redis"),
        ("github.com/a/b", "b", "b"),
    ],
)
def test_go_packages_are_called_by_their_names(module: str, alias: str, name: str) -> None:
    assert name in bound_names(Import(module, "", alias, "a.go", 1), "go")
    assert list(bound_names(Import(module, "", "other", "a.go", 1), "go")) == ["other"]


def heads(text: str) -> list[str]:
    facts = analyse(SourceFile("a.py", text, len(text)))
    return [one.signature for one in with_whole_heads(facts.symbols.symbols, text)]


def test_decorators_that_matter_stay_with_a_head_that_is_read_anew() -> None:
    text = "@register(1)\n@overload\ndef f(\n    a: int,  # the first\n    b: str = ':)',\n) -> int:\n    'Adds.'\n"
    assert heads(text) == ["@overload\ndef f(a: int, b: str = ':)') -> int:\n" + '    """Adds."""\n    ...']


HOSTILE = {
    "quotes": '"' * 50_000,
    "triple quotes": '\\"""' * 20_000,
    "escapes": '\\"' * 30_000,
    "brackets": "(" * 50_000,
    "annotations": "Annotated[" * 5_000,
    "commas": "a," * 30_000,
    "comments": "# (\n" * 20_000,
}


@pytest.mark.parametrize("case", HOSTILE)
@pytest.mark.timeout(60)
def test_no_head_takes_long(case: str) -> None:
    text = "\n".join(f"def f{n}(a: Annotated[int, {HOSTILE[case]}" for n in range(3))
    symbols = [Symbol(f"f{n}", "function", "a.py", n + 1, 10_000, "def f(a: Annotated[") for n in range(3)]
    started = time.process_time()
    assert len(list(with_whole_heads(symbols, text))) == 3
    chains_in(text)
    assert time.process_time() - started < 10


@pytest.mark.parametrize(
    "unit", ["__all__ = [\n", "export ", "export default a", " ", "\n", "a.", "a.b v1 => ", "require (\n", '"', "('"]
)
@pytest.mark.timeout(60)
def test_a_megabyte_of_anything_is_read_in_no_time(unit: str) -> None:
    text = f"export default a{unit * (1_000_000 // len(unit))}x"
    started = time.process_time()
    exports_in(text)
    default_in(text)
    go_requirements(text)
    assert time.process_time() - started < 5
