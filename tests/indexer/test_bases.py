"""What classes are derived from, as it is read in every language, and which namespaces files declare."""

from __future__ import annotations

import pytest

from indexer.bases import MAX_BASES, base_names
from indexer.languages import language_of
from indexer.namespaces import namespaces_in
from indexer.parsing import parse
from indexer.symbols import FileSymbols, extract

# file, text, "heir < scope.base" of each base
BASES = {
    "python": ("a.py", "class A(B, m.n.C, D[T], metaclass=M): pass\n", "A < B, A < m.n.C, A < D"),
    "python without": ("a.py", "class A: pass\nclass B(): pass\n", ""),
    "javascript": ("a.js", "class A extends B {}\nclass C extends m.D {}\n", "A < B, C < m.D"),
    "typescript": (
        "a.ts",
        "abstract class A extends B<C> implements D, e.F<G> {}\ninterface I extends J, K<L> {}\n",
        "A < B, A < D, A < e.F, I < J, I < K",
    ),
    "go": (
        "a.go",
        "package a\ntype A struct {\n\tB\n\t*p.C\n\tD[int]\n\tx E\n}\ntype I interface {\n\tio.R\n\tJ\n\t~int | F\n}\n",
        "A < B, A < p.C, A < D, I < io.R, I < J",
    ),
    "rust": (
        "a.rs",
        "impl<T> B for A<T> {}\nimpl fmt::D for A {}\ntrait T: U + v::W + 'static {}\nimpl A {}\n",
        "A < B, A < fmt.D, T < U, T < v.W",
    ),
    "java": (
        "A.java",
        "class A<T> extends B<T> implements C, d.E<F> {}\ninterface I extends J {}\nenum G implements H { X }\n",
        "A < B, A < C, A < d.E, I < J, G < H",
    ),
    "kotlin": (
        "a.kt",
        "class A<T>(x: Int) : B<T>(x, f(2)), C, p.D by z\nobject O : B()\ninterface I : J\n",
        "A < B, A < C, A < p.D, O < B, I < J",
    ),
    "cpp": ("a.cpp", "class A : public B, private n::C<int> {};\nstruct S final : T {};\n", "A < B, A < n.C, S < T"),
    "c_sharp": (
        "a.cs",
        "class A<T> : B<T>, IC, n.D where T : class {}\nrecord R(int x) : S(x);\ninterface I : J {}\nstruct V : W {}\n",
        "A < B, A < IC, A < n.D, R < S, I < J, V < W",
    ),
    "ruby": (
        "a.rb",
        "class A < B::C\n  include D, E\n  extend F\n  attr_reader :x\nend\nmodule M\n  prepend N\nend\n",
        "A < B.C, A < D, A < E, A < F, M < N",
    ),
    "php": (
        "a.php",
        "<?php\nclass A extends B implements C, \\D\\E { use T, U\\V; }\ninterface I extends J, K {}\n",
        "A < B, A < C, A < D.E, A < T, A < U.V, I < J, I < K",
    ),
    "scala": ("a.scala", "class A(x: Int) extends B(x) with C[D] {}\n", "A < B, A < C"),
    "swift": ("a.swift", "class A: B, C {}\nprotocol P: Q {}\n", "A < B, A < C, P < Q"),
}


def read(path: str, text: str) -> FileSymbols:
    language = language_of(path)
    assert language is not None
    parsed = parse(language, text)
    assert parsed is not None
    return extract(parsed, path)


@pytest.mark.parametrize("case", BASES)
def test_a_class_is_derived_from_these(case: str) -> None:
    path, text, wanted = BASES[case]
    bases = read(path, text).bases
    found = [f"{b.heir} < {b.scope}.{b.name}" if b.scope else f"{b.heir} < {b.name}" for b in bases]
    assert sorted(found) == sorted(part for part in wanted.split(", ") if part)


def test_a_base_has_the_line_of_its_class() -> None:
    (base,) = read("a.py", "x = 1\n\n\nclass A(B):\n    pass\n").bases
    assert (base.path, base.line) == ("a.py", 4)


STRANGE = ["", "(", "((((", "<" * 5000, "(B" * 3000, ",,,,", "(B, , C", "\0", "(*args, **kwargs)", "(" + "[<" * 2000]


@pytest.mark.parametrize("text", STRANGE)
@pytest.mark.timeout(10)
def test_strange_lists_of_bases_end(text: str) -> None:
    assert all(name.strip() for name in base_names(text))


def test_a_file_of_many_classes_is_cut() -> None:
    assert len(read("a.py", "".join(f"class A{n}(B): pass\n" for n in range(MAX_BASES + 50))).bases) == MAX_BASES


NAMESPACES = {
    "nested": (
        "c_sharp",
        "namespace A.B {\n  namespace C { class X { } }\n  namespace D { }\n}\nnamespace E { }",
        "A.B A.B.C A.B.D E",
    ),
    "of the whole file": ("c_sharp", "using X;\n\nnamespace A.B;\n\nclass C { void F() { } }\n", "A.B"),
    "java": ("java", "/* x */\npackage a.b;\n\nclass C { }\n", "a.b"),
    "kotlin": ("kotlin", '@file:JvmName("X")\npackage a.`in`\n', "a.in"),
    "scala": ("scala", "package a\npackage b\n", "a a.b"),
    "php": ("php", "<?php\nnamespace App\\Models;\nnamespace Other { }\n", "App\\Models Other"),
    "php on one line": ("php", "<?php namespace App;\n", "App"),
    "none": ("python", "namespace = 1\n", ""),
    "words": ("c_sharp", "// namespace of things\nvar namespaces = 1;\n", ""),
    "unfinished": ("c_sharp", "namespace A {\n }}}} \nnamespace B {", "A B"),
}


@pytest.mark.parametrize("case", NAMESPACES)
def test_a_file_declares_these_namespaces(case: str) -> None:
    language, text, wanted = NAMESPACES[case]
    assert list(namespaces_in(text, language)) == wanted.split()
