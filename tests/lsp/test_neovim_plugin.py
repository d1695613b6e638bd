"""The Neovim plugin without a server: its layout, its help, its options and its pure functions, in a real Neovim."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from neovim_tools import nvim_or_skip

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = ROOT / "extension-config" / "neovim"
SOURCES = sorted(PLUGIN.rglob("*.lua"))
NAMES = [path.relative_to(PLUGIN).as_posix() for path in SOURCES]
MAX_FILE_LINES = 300
MAX_COLUMNS = 120
TEXTS_AND_COMMENTS = re.compile(r"""--.*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""")

each_source = pytest.mark.parametrize("path", SOURCES, ids=NAMES)


def lua(body: str, *arguments: Any, folder: Path, path: str | None = None) -> Any:
    """What Lua code returns that gets the arguments as `...`, in Neovim 0.11 with the plugin on its runtime path."""
    script = folder / "script.lua"
    script.write_text(
        f"vim.opt.runtimepath:prepend({json.dumps(str(PLUGIN))})\n"
        f"local function body(...)\n{body}\nend\n"
        f"local given = vim.json.decode([==[{json.dumps(arguments)}]==])\n"
        "io.stdout:write(vim.json.encode({ body(unpack(given)) }))\n",
        encoding="utf-8",
    )
    homes = {f"XDG_{kind}_HOME": str(folder) for kind in ("CONFIG", "DATA", "STATE", "CACHE")}
    environment = os.environ | homes | {"LC_ALL": "C.UTF-8"} | ({"PATH": path} if path is not None else {})
    done = subprocess.run(
        [nvim_or_skip("0.11"), "--clean", "-l", str(script)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=30,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    values = json.loads(done.stdout)
    return values[0] if values else None


@each_source
def test_lua_is_laid_out_as_stylua_does(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = text.split("\n")
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert "\t" not in text
    assert [line for line in lines if line != line.rstrip() or len(line) > MAX_COLUMNS] == []
    assert [line for line in lines if (len(line) - len(line.lstrip())) % 2] == []
    strings = [one for line in lines for one in TEXTS_AND_COMMENTS.findall(line)]
    assert [one for one in strings if one.startswith('"') and "'" not in one] == []
    assert len(lines) - 1 <= MAX_FILE_LINES


def test_lua_can_be_parsed(tmp_path: Path) -> None:
    body = "return vim.tbl_map(function(path) return select(2, loadfile(path)) or '' end, { ... })"
    assert lua(body, *map(str, SOURCES), folder=tmp_path) == [""] * len(SOURCES)


def test_every_module_loads(tmp_path: Path) -> None:
    modules = [f"codeassist.{path.stem}" for path in SOURCES if path.parent.name == "codeassist"]
    body = "for _, name in ipairs({ ... }) do require(name) end require('codeassist').start() return 'loaded'"
    assert lua(body, *modules, folder=tmp_path) == "loaded"


def test_the_help_file_gives_tags(tmp_path: Path) -> None:
    (tmp_path / "codeassist.txt").write_bytes((PLUGIN / "doc" / "codeassist.txt").read_bytes())
    lua("vim.cmd.helptags(...)", str(tmp_path), folder=tmp_path)
    tags = {line.split("\t")[0] for line in (tmp_path / "tags").read_text(encoding="utf-8").splitlines()}
    assert {"codeassist", ":Codeassist", "codeassist-option-keys", "b:codeassist"} <= tags


def help_text() -> str:
    return (PLUGIN / "doc" / "codeassist.txt").read_text(encoding="utf-8")


def test_every_link_of_the_help_file_leads_somewhere(tmp_path: Path) -> None:
    text = help_text()
    here = set(re.findall(r"(?<!\S)\*(\S+)\*(?!\S)", text))
    links = {link for link in re.findall(r"\|([^|\s]+)\|", text) if link not in here}
    body = "return vim.tbl_map(function(link) return #vim.fn.getcompletion(link, 'help') end, { ... })"
    found = dict(zip(sorted(links), lua(body, *sorted(links), folder=tmp_path), strict=True))
    newer = {"vim.lsp.inline_completion"}  # a page of Neovim 0.12
    assert [link for link, n_pages in found.items() if not n_pages and link not in newer] == []


def test_every_option_stands_in_the_help_file_with_its_default(tmp_path: Path) -> None:
    defaults = lua("return require('codeassist.options').DEFAULTS", folder=tmp_path)
    keys = defaults.pop("keys")
    documented = dict(re.findall(r"^(\w+) +\(default: (\S+)\)", help_text(), re.MULTILINE))
    spelled = {name: "empty" if value in ([], {}) else str(value).lower() for name, value in defaults.items()}
    assert documented == spelled
    assert all(f"*codeassist-option-{name}*" in help_text() for name in [*defaults, "keys"])
    assert all(f"`{name}`" in help_text() for name in keys)


def test_every_key_stands_in_the_help_file_with_its_default(tmp_path: Path) -> None:
    keys = lua("return require('codeassist.options').DEFAULTS.keys", folder=tmp_path)
    documented = re.findall(r"^    <Plug>\(codeassist-([\w-]+)\) +(\S+)", help_text(), re.MULTILINE)
    assert dict(documented) == {name.replace("_", "-"): key or "none" for name, key in keys.items()}
    actions = lua("return vim.tbl_keys(require('codeassist.keys').ACTIONS)", folder=tmp_path)
    assert set(actions) == set(keys)


def test_every_subcommand_stands_in_the_help_file(tmp_path: Path) -> None:
    subcommands = lua("return vim.tbl_keys(require('codeassist.commands').SUBCOMMANDS)", folder=tmp_path)
    section = help_text().split("*:Codeassist*")[1].split("======")[0]
    assert set(re.findall(r"^        ([\w-]+) (?:\[\w+\])? +\w", section, re.MULTILINE)) == set(subcommands)


def test_every_highlight_stands_in_the_help_file_with_its_link(tmp_path: Path) -> None:
    groups = lua("return require('codeassist.overlay').HIGHLIGHTS", folder=tmp_path)
    assert dict(re.findall(r"^    (Codeassist\w+) +(\w+)", help_text(), re.MULTILINE)) == groups


def test_every_function_stands_in_the_help_file(tmp_path: Path) -> None:
    functions = lua("return vim.tbl_keys(require('codeassist'))", folder=tmp_path)
    public = set(functions) - {"start"}  # what plugin/ calls
    assert set(re.findall(r"\*codeassist\.(\w+)\(\)\*", help_text())) == public


WRONG_OPTIONS = [
    ({"cmdd": ["x"]}, "there is no option cmdd; there are automatic, cmd, "),
    ({"keys": {"acept": "<Tab>"}}, "there is no option keys.acept; there are "),
    ({"keys": {"accept": 7}}, 'keys.accept must be a key such as "<Tab>", or false'),
    ({"keys": "none"}, "keys must be a table, or false"),
    ({"delay_ms": "20"}, "delay_ms must be a number"),
    ({"delay_ms": -1}, "delay_ms must not be negative"),
    ({"automatic": 1}, "automatic must be a boolean"),
    ({"cmd": "codeassist"}, "cmd must be a list of strings"),
    ({"filetypes_off": ["a", 1]}, "filetypes_off must be a list of strings"),
    ({"settings": 1}, "settings must be a table"),
    ("everything", "setup takes a table of options"),
]


@pytest.mark.parametrize(("given", "message"), WRONG_OPTIONS)
def test_a_wrong_option_is_told_and_left_out(given: object, message: str, tmp_path: Path) -> None:
    body = """
    local options = require('codeassist.options')
    local read, problems = options.read(...)
    return { problems = problems, is_default = vim.deep_equal(read, options.DEFAULTS) }
    """
    answer = lua(body, given, folder=tmp_path)
    assert answer["is_default"]
    (problem,) = answer["problems"]
    assert problem.startswith(message)


def test_right_options_replace_defaults(tmp_path: Path) -> None:
    body = "local read, problems = require('codeassist.options').read(...) return { read, problems }"
    given = {"delay_ms": 0, "keys": {"accept": "<C-l>", "accept_line": False}, "settings": {"completion.max_lines": 4}}
    read, problems = lua(body, given, folder=tmp_path)
    assert not problems
    assert (read["delay_ms"], read["max_file_kib"], read["settings"]) == (0, 1024, {"completion.max_lines": 4})
    assert (read["keys"]["accept"], read["keys"]["accept_line"], read["keys"]["next"]) == ("<C-l>", False, "<M-]>")
    assert lua("return require('codeassist.options').read({ keys = false }).keys.accept", folder=tmp_path) is False


WORDS = [
    ("value + 1", "value"),
    (" + value", " +"),
    ("(value)", "("),
    ("):\n    return", "):"),
    ("\n    return 1", "\n    return"),
    ("größe_1.x", "größe_1"),
    ("😀😀)", "😀😀"),
    ("  ", "  "),
    ("", ""),
]
LINES = [("a + b\n    c", "a + b"), ("\n    c\nd", "\n    c"), ("\n\n    c", "\n\n    c"), ("", "")]


def test_the_next_word_and_the_next_line(tmp_path: Path) -> None:
    body = """
    local function taken(measure)
      return function(case) return case[1]:sub(1, measure(case[1])) end
    end
    local text, words, lines = require('codeassist.text'), ...
    return { vim.tbl_map(taken(text.word_length), words), vim.tbl_map(taken(text.line_length), lines) }
    """
    words, lines = lua(body, WORDS, LINES, folder=tmp_path)
    assert words == [expected for _, expected in WORDS]
    assert lines == [expected for _, expected in LINES]


SHARED = [
    ("old_name(x)", "new_name(x)", ("old", "new")),
    ("f(a)", "f(a, b)", ("", ", b")),
    ("f(a, b)", "f(a)", (", b", "")),
    ("same", "same", ("", "")),
    ("", "all", ("", "all")),
    ("é = 1", "è = 1", ("é", "è")),  # they share a first byte
    ("aa", "aaa", ("", "a")),
]


def test_what_two_texts_share_cuts_no_character(tmp_path: Path) -> None:
    body = """
    return vim.tbl_map(function(case)
      local n_start, n_end = require('codeassist.text').shared(case[1], case[2])
      return { case[1]:sub(n_start + 1, #case[1] - n_end), case[2]:sub(n_start + 1, #case[2] - n_end) }
    end, { ... })
    """
    assert lua(body, *SHARED, folder=tmp_path) == [list(expected) for _, _, expected in SHARED]


def test_lines_that_two_lists_share_are_counted_once(tmp_path: Path) -> None:
    body = """
    return vim.tbl_map(function(case)
      return { require('codeassist.text').shared_lines(case[1], case[2]) }
    end, { ... })
    """
    cases = [(["a", "b", "c"], ["a", "x", "c"]), (["a", "a"], ["a", "a", "a"]), (["a"], ["b"]), (["a"], ["a"])]
    assert lua(body, *cases, folder=tmp_path) == [[1, 1], [2, 0], [0, 0], [1, 0]]


def test_accepted_lengths_are_utf16_units_of_the_servers_text(tmp_path: Path) -> None:
    body = "local length = require('codeassist.text').utf16_length return { length(...), length('a\\nb', 3, '\\r\\n') }"
    assert lua(body, "é😀x", 6, "\n", folder=tmp_path) == [3, 4]


def test_tabs_show_as_wide_as_the_buffer_has_them(tmp_path: Path) -> None:
    body = """
    vim.bo.tabstop = 4
    local show = require('codeassist.text').without_tabs
    return { show('\\tx', 0), show('\\tx', 2), show('a\\tb\\t', 0), show('é\\t', 0), show('', 0) }
    """
    assert lua(body, folder=tmp_path) == ["    x", "  x", "a   b   ", "é   ", ""]


def test_the_server_on_the_path_comes_before_the_one_of_the_clone(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "codeassist"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    body = "return require('codeassist.server').find()"
    assert lua(body, folder=tmp_path, path=str(program.parent)) == str(program)
    in_clone = ROOT / ".venv" / "bin" / "codeassist"
    assert lua(body, folder=tmp_path, path="/nowhere") == (str(in_clone) if in_clone.exists() else None)


def test_a_server_that_is_not_there_is_told_with_the_remedy(tmp_path: Path) -> None:
    remedy = lua("return require('codeassist.server').remedy(...)", "/nowhere/codeassist", folder=tmp_path)
    assert "there is no program /nowhere/codeassist" in remedy
    assert f"`make setup` in {ROOT}" in remedy
    assert ":checkhealth codeassist" in remedy


COMPLETIONS = [
    ("Codeassist s", {"snooze", "stats", "status"}),
    ("Codeassist next", {"next-edit"}),
    ("'<,'>Codeassist doc", {"docstring"}),
    ("Codeassist snooze 1", {"10"}),
    ("Codeassist disable elixi", {"elixir"}),
    ("Codeassist status ", set()),
]


def test_the_command_completes_what_may_follow(tmp_path: Path) -> None:
    body = """
    require('codeassist.commands').define()
    return vim.tbl_map(function(line) return vim.fn.getcompletion(line, 'cmdline') end, { ... })
    """
    found = lua(body, *(line for line, _ in COMPLETIONS), folder=tmp_path)
    assert [set(one) for one in found] == [expected for _, expected in COMPLETIONS]


STATUS: dict[str, Any] = {
    "engine": {"state": "ready", "message": "small"},
    "index": {"state": "ready", "message": "", "files": 2, "symbols": 5},
    "model": "deepseek",
    "enabled": True,
    "languages_off": ["markdown"],
    "snoozed_until": None,
    "chat": "",
    "folders": [],
}
TALLY = {"shown": 8, "accepted": 2, "partly": 1, "typed_along": 3, "kept_30": 1, "looked_at_30": 2, "kept_300": 0}
FIGURES = {
    "days_back": 7,
    "problem": "",
    "languages": {"python": {**TALLY, "looked_at_300": 0, "latency_p50_ms": 120.4}},
    "total": {**TALLY, "looked_at_300": 0, "latency_p50_ms": None},
}


def test_a_status_is_told_in_a_few_lines(tmp_path: Path) -> None:
    lines = lua("return require('codeassist.report').status(...)", STATUS, folder=tmp_path)
    assert lines == [
        "suggestions  on, but not in markdown",
        "engine       ready, small",
        "model        deepseek",
        "chat model   none (setting chat.url)",
        "index        ready, 2 files, 5 symbols",
    ]
    off = STATUS | {"enabled": False, "folders": [{"name": "shop", "path": "/shop", "index": STATUS["index"]}]}
    lines = lua("return require('codeassist.report').status(...)", off, folder=tmp_path)
    assert (lines[0], lines[4]) == ("suggestions  off", "index        shop: ready, 2 files, 5 symbols")


def test_figures_are_a_table(tmp_path: Path) -> None:
    lines = lua("return require('codeassist.report').figures(...)", FIGURES, folder=tmp_path)
    assert [re.split(r" {2,}", line) for line in lines] == [
        ["7 days", "shown", "taken", "in part", "typed", "kept 30 s", "kept 5 min", "median"],
        ["python", "8", "25 %", "1", "3", "50 %", "-", "120 ms"],
        ["all", "8", "25 %", "1", "3", "50 %", "-", "-"],
    ]
    assert len({len(line) for line in lines}) == 1
    problem = FIGURES | {"problem": "the file is broken"}
    assert lua("return require('codeassist.report').figures(...)", problem, folder=tmp_path) == ["the file is broken"]


REASONS = [
    (None, ["nothing was suggested yet"]),
    ({"line": 1, "text": "", "reason": "low", "sources": []}, ["line 2: nothing suggested: low"]),
    ({"line": 1, "text": "a\n  b", "confidence": 0.5}, ["line 2: suggested a", "  b", "  confidence 0.50"]),
]


@pytest.mark.parametrize(("last", "expected"), REASONS)
def test_why_is_told(last: object, expected: list[str], tmp_path: Path) -> None:
    body = "local last = ... return require('codeassist.report').why(last ~= vim.NIL and last or nil)"
    assert lua(body, last, folder=tmp_path) == expected
