"""What helped to find a fault and was forgotten: found in code, and quiet wherever there is a reason to be."""

from __future__ import annotations

import pytest

from codeassist.findings.types import Finding, Replacement
from codeassist.review.changes import ChangedFile
from codeassist.review.hygiene.leftovers import find_leftovers
from codeassist.review.remedies import checked


def found(path: str, text: str, before: str = "", n_files: int = 0) -> list[Finding]:
    file = ChangedFile(path, "modified" if before else "added", old_text=before or None, new_text=text)
    return find_leftovers(file, lambda name: n_files)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("a.py", "breakpoint()"),
        ("a.py", "x = f(); breakpoint ()"),
        ("a.py", "pdb.set_trace()"),
        ("a.py", "import pdb; pdb.set_trace()"),
        ("a.py", "    import ipdb"),
        ("a.py", "from pudb import set_trace"),
        ("a.py", "pytest.set_trace()"),
        ("a.py", "from IPython import embed; embed()"),
        ("a.py", "debugpy.breakpoint()"),
        ("a.py", 'print("here")'),
        ("a.py", "print('HERE 2')"),
        ("a.py", "print('>>> got here', x)"),
        ("a.py", 'print("xxxx", value)'),
        ("a.py", 'print(f"DEBUG: {value}")'),
        ("a.py", 'logger.warning("asdf")'),
        ("a.js", "debugger;"),
        ("a.ts", "  debugger"),
        ("a.tsx", "console.log('here');"),
        ("a.js", "alert('wtf!!')"),
        ("a.test.js", "it.only('adds', () => {});"),
        ("a.test.ts", "describe.only('adds', () => {});"),
        ("a.spec.ts", "fdescribe('adds', () => {});"),
        ("a.test.js", "test.concurrent.only('adds', () => {});"),
        ("src/a.js", "console.log(value);"),
        ("a.rb", "binding.pry"),
        ("a.rb", "byebug"),
        ("a.rb", "  binding.irb"),
        ("a.rb", 'puts "here"'),
        ("spec/a_spec.rb", 'fit "adds" do\nend'),
        ("spec/a_spec.rb", 'it "adds", :focus do\nend'),
        ("a.rs", "fn f() { dbg!(x); }"),
        ("a.rs", 'fn f() { println!("here"); }'),
        ("a.go", 'package a\nfunc f() { fmt.Println("here") }'),
        ("a.go", "package a\nfunc f() { runtime.Breakpoint() }"),
        ("a.go", "package a\nfunc f() { spew.Dump(x) }"),
        ("a.php", "<?php\nvar_dump($x);"),
        ("a.php", "<?php\ndd($x);"),
        ("A.java", 'class A { void f() { System.out.println("here"); } }'),
        ("a.kt", 'fun f() {\n  println("here 1")\n}'),
        ("a.c", 'void f() {\n  printf("here\\n");\n}'),
        ("a.c", "void f() {\n  raise(SIGTRAP);\n}"),
        ("a.cpp", 'void f() {\n  std::cout << "here" << std::endl;\n}'),
        ("A.cs", "class A { void F() { System.Diagnostics.Debugger.Break(); } }"),
        ("a.swift", 'print("debug")'),
        ("a.lua", "debug.debug()"),
        ("a.exs", "require IEx; IEx.pry()"),
        ("a.ex", "x |> dbg()"),
        ("a.zig", "fn f() void {\n    @breakpoint();\n}"),
        ("a.sh", "echo here"),
    ],
)
def test_a_leftover_is_found_once(path: str, line: str) -> None:
    assert [finding.category for finding in found(path, f"{line}\n")] == ["debug-leftover"]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("a.py", "# breakpoint()"),
        ("a.py", 'HELP = "call breakpoint() to stop"'),
        ("a.py", '"""\nbreakpoint()\n"""'),
        ("a.py", "def breakpoint(): ..."),
        ("a.py", "self.breakpoint()"),
        ("a.py", "set_breakpoint()"),
        ("a.py", "page.breakpoint (1)"),
        ("a.py", 'print("Here are the results:")'),
        ("a.py", 'print("There")'),
        ("a.py", 'print("debugger attached")'),
        ("a.py", "print(here)"),
        ("docs/a.py", 'print("here")'),
        ("examples/a.py", 'print("here")'),
        ("a.md", "breakpoint()"),
        ("a.unknown", "breakpoint()"),
        ("a.js", "const debuggerUrl = 1;"),
        ("a.js", "// debugger;"),
        ("a.js", "x = `\n  debugger;\n`"),
        ("a.js", "fit('text', 3);"),
        ("a.js", "query.only('name');"),
        ("a.test.js", "sinon.only('x')"),
        ("a.test.js", "model.fit('x')"),
        ("scripts/a.js", "console.log(value);"),
        ("rollup.config.js", "console.log(value);"),
        ("a.test.js", "console.log(value);"),
        ("src/a.js", "console.error(value);"),
        ("node_modules/a/a.js", "debugger;"),
        ("a.min.js", "debugger;"),
        ("a.rb", "# binding.pry"),
        ("a.rb", "debugger_url = 1"),
        ("a.rs", '// dbg!(x)\nconst A: &str = "dbg!(x)";'),
        ("a.rs", "macro_rules! dbg { () => {} }"),
        ("a.go", 'package a\nfunc f() { fmt.Println("here it is") }'),
        ("a.php", "<?php\n$this->dd($x);"),
        ("a.php", "<?php\n$a->dump($x);"),
        ("A.java", 'class A { void f() { System.out.println("Usage: a"); } }'),
        ("a.sh", "echo there"),
    ],
)
def test_what_is_no_leftover_is_not_told(path: str, line: str) -> None:
    assert found(path, f"{line}\n") == []


def test_a_file_that_is_about_debuggers_is_left_alone() -> None:
    assert found("a.py", "breakpoint()\nif x:\n    breakpoint()\n", before="breakpoint()\n") == []


def test_lines_that_did_not_change_are_not_looked_at() -> None:
    before = "import a\n\n\ndef f():\n    return 1\n"
    findings = found("a.py", before.replace("    return 1", "    breakpoint()\n    return 1"), before)
    assert [finding.start_line for finding in findings] == [5]


def test_a_repository_that_prints_on_the_console_may_go_on() -> None:
    assert found("src/a.js", "console.log(value);\n", n_files=2) == []
    assert [finding.severity for finding in found("src/a.js", "console.log(value);\n", n_files=1)] == ["note"]


def test_the_remedy_takes_the_line_out_and_leaves_no_block_empty() -> None:
    text = "def f():\n    breakpoint()\n    return 1\n\n\ndef g():\n    breakpoint()\n"
    remedies = [checked(finding, text).replacement for finding in found("a.py", text)]
    assert remedies == [Replacement(2, 2, ""), Replacement(7, 7, "    pass")]


@pytest.mark.parametrize(
    "text",
    ["breakpoint()" + " " * 2000, "x = '" + "a" * 1_000_000 + "'; breakpoint()\n", "(" * 300_000 + "\nbreakpoint()\n"],
)
def test_what_no_person_typed_is_not_looked_at(text: str) -> None:
    assert found("a.py", text) == []


def test_broken_code_is_looked_at_as_far_as_it_goes() -> None:
    assert [finding.start_line for finding in found("a.py", "def f(:\n    breakpoint()\n")] == [2]


def test_two_of_the_same_have_names_of_their_own() -> None:
    text = "a()\nbreakpoint()\nb()\nbreakpoint()\n"
    assert len({finding.id for finding in found("a.py", text)}) == 2


def test_many_lines_that_only_look_so_are_none() -> None:
    file = ChangedFile("a.py", "modified", old_text="x = 1\n" * 20_000, new_text="# breakpoint()\n" * 20_000)
    assert find_leftovers(file, lambda _: 0) == []
