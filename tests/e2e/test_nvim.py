"""Ghost text, keys and commands in a real Neovim, typed into in a terminal; the answers are a fake server's."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from neovim_tools import VERSIONS, nvim_or_skip, tmux_or_skip
from nvim_session import FakeServer, Nvim, editing

pytestmark = pytest.mark.e2e

TEXT = "def add(a, b):\n    total = \n"
GHOST = "alpha(beta, gamma)"
REQUEST = "textDocument/inlineCompletion"
# Nothing tells that something will not happen; this is how long it is waited for.
NEVER_S = 0.3


@pytest.fixture(scope="module", params=VERSIONS)
def session(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nvim]:
    programs = nvim_or_skip(request.param), tmux_or_skip()
    folder = tmp_path_factory.mktemp("session")
    repository = folder / "repository"
    (repository / ".git").mkdir(parents=True)
    first = repository / "first.py"
    first.write_text(TEXT, encoding="utf-8")
    with editing(programs, FakeServer(), folder / "nvim", first) as nvim:
        nvim.wait(lambda: nvim.lua("vim.g.codeassist_status == 'ready'"), "the server")
        nvim.lua("fake.first_answer = fake.answer return 1")
        yield nvim


FILES = (f"sample{n}.py" for n in itertools.count())


@pytest.fixture
def nvim(session: Nvim) -> Nvim:
    """An editor with TEXT in a new file, and a server that has forgotten everything."""
    folder = Path(session.lua("vim.fn.expand('%:p:h')"))
    session.press("Escape", "Escape")
    session.lua("vim.cmd('silent! only!') fake.answer, fake.results, fake.delay_ms = fake.first_answer, {}, 0 return 1")
    session.lua("require('codeassist').setup({}) return 1")
    session.open(folder / next(FILES), TEXT)
    session.lua("vim.cmd('messages clear') fake.sent = {} return 1")
    return session


def sent(nvim: Nvim, method: str) -> list[dict]:
    return list(nvim.lua(f"fake.of('{method}')"))


def ghost_is(nvim: Nvim, expected: list[str]) -> None:
    try:
        nvim.wait(lambda: nvim.ghost() == expected, f"ghost text {expected}", within_s=10)
    except AssertionError as error:
        raise AssertionError(f"{error}\nghost text is {nvim.ghost()}") from None


def lines_are(nvim: Nvim, expected: list[str]) -> None:
    try:
        nvim.wait(lambda: nvim.lines() == expected, f"{expected} in the buffer", within_s=10)
    except AssertionError as error:
        raise AssertionError(f"{error}\nthe buffer is {nvim.lines()}") from None


def answer(nvim: Nvim, body: str) -> None:
    """What the server answers from now on: the body of a function of `params`."""
    nvim.lua(f"fake.answer = function(params) {body} end return 1")


def multi_line(nvim: Nvim) -> list[str]:
    text = "alpha(\n        beta,\n\t\tgamma)"
    nvim.lua("vim.bo.tabstop = 4 return 1")
    answer(nvim, f"return {{ items = {{ fake.item({json.dumps(text)}, params.position) }} }}")
    return text.split("\n")


def test_typing_shows_ghost_text_on_the_screen_and_tab_takes_it(nvim: Nvim) -> None:
    nvim.append(2, "x")
    ghost_is(nvim, [GHOST])
    nvim.wait(lambda: f"    total = x{GHOST}" in nvim.screen(), "it on the screen")
    nvim.press("Tab")
    lines_are(nvim, ["def add(a, b):", f"    total = x{GHOST}"])
    assert nvim.cursor() == (2, len(f"    total = x{GHOST}"))
    (accepted,) = nvim.wait(lambda: sent(nvim, "workspace/executeCommand"), "the item's command")
    assert accepted["command"] == "codeassist.accepted"


def test_typing_along_keeps_it_without_asking_and_going_back_restores_it(nvim: Nvim) -> None:
    nvim.append(2, "x")
    ghost_is(nvim, [GHOST])
    n_requests = len(sent(nvim, REQUEST))
    nvim.type("alpha(", pause_s=0.05)
    ghost_is(nvim, [GHOST[6:]])
    nvim.press("BSpace", "BSpace")
    ghost_is(nvim, [GHOST[4:]])
    time.sleep(NEVER_S)
    assert len(sent(nvim, REQUEST)) == n_requests


def test_it_never_leaves_the_screen_while_one_types_along(nvim: Nvim) -> None:
    nvim.append(2, "x")
    ghost_is(nvim, [GHOST])
    nvim.lua(
        """
        _G.looks = {}
        local space = vim.api.nvim_get_namespaces()['codeassist.ghost']
        vim.api.nvim_set_decoration_provider(vim.api.nvim_create_namespace('look'), { on_win = function(_, _, buffer)
          local mark = vim.api.nvim_buf_get_extmarks(buffer, space, 0, -1, { details = true })[1]
          local line = vim.api.nvim_get_current_line()
          table.insert(looks, line .. (mark and mark[4].virt_text[1][1] or ''))
        end })
        return 1
        """
    )
    nvim.type("alpha(beta", pause_s=0.03)
    lines_are(nvim, ["def add(a, b):", "    total = xalpha(beta"])
    looks = nvim.lua("looks")
    nvim.lua("vim.api.nvim_set_decoration_provider(vim.api.nvim_create_namespace('look'), {}) return 1")
    assert set(looks) == {f"    total = x{GHOST}"}
    assert len(looks) >= len("alpha(beta")


def test_another_text_hides_it_and_going_back_shows_it_again(nvim: Nvim) -> None:
    nvim.append(2, "x")
    ghost_is(nvim, [GHOST])
    answer(nvim, "return { items = { fake.item('other', params.position) } }")
    nvim.type("Q")
    ghost_is(nvim, ["other"])
    nvim.press("BSpace")
    ghost_is(nvim, [GHOST])


def test_null_keeps_it_and_an_empty_list_hides_it(nvim: Nvim) -> None:
    nvim.append(2, "x")
    ghost_is(nvim, [GHOST])
    answer(nvim, "return nil")
    nvim.press("M-\\")
    nvim.wait(lambda: len(sent(nvim, REQUEST)) >= 2, "a second request")
    time.sleep(NEVER_S)
    assert nvim.ghost() == [GHOST]
    answer(nvim, "return { items = {} }")
    nvim.press("M-\\")
    ghost_is(nvim, [])
    assert sent(nvim, REQUEST)[-1]["context"] == {"triggerKind": 1}


def test_words_and_lines_are_taken_and_the_rest_stays(nvim: Nvim) -> None:
    nvim.append(2, "x")
    ghost_is(nvim, [GHOST])
    nvim.press("M-Right")
    ghost_is(nvim, ["(beta, gamma)"])
    nvim.press("M-Right", "M-Right")
    ghost_is(nvim, [", gamma)"])
    partial = sent(nvim, "textDocument/didPartiallyAcceptCompletion")
    assert [one["acceptedLength"] for one in partial] == [5, 6, 10]
    assert partial[0]["item"]["insertText"] == GHOST
    assert len(sent(nvim, REQUEST)) == 1
    nvim.press("M-C-Right")
    lines_are(nvim, ["def add(a, b):", f"    total = x{GHOST}"])
    assert sent(nvim, "workspace/executeCommand")[0]["command"] == "codeassist.accepted"


def test_several_lines_show_below_and_are_taken_one_by_one(nvim: Nvim) -> None:
    lines = multi_line(nvim)
    nvim.append(2, "x")
    ghost_is(nvim, [lines[0], lines[1], "        gamma)"])
    nvim.wait(lambda: "\n        gamma)\n" in nvim.screen(), "tabs as blanks on the screen")
    nvim.press("M-C-Right")
    ghost_is(nvim, ["", lines[1], "        gamma)"])
    nvim.press("M-C-Right")
    ghost_is(nvim, ["", "        gamma)"])
    nvim.press("Tab")
    lines_are(nvim, ["def add(a, b):", "    total = xalpha(", "        beta,", "\t\tgamma)"])
    assert nvim.cursor() == (4, len("\t\tgamma)"))


def test_enter_and_indent_count_as_typing_along(nvim: Nvim) -> None:
    nvim.lua("vim.bo.indentexpr, vim.bo.autoindent, vim.bo.expandtab = '', true, true return 1")
    answer(nvim, r"return { items = { fake.item('first()\n    second()', params.position) } }")
    nvim.append(2, "x")
    ghost_is(nvim, ["first()", "    second()"])
    nvim.type("first()")
    nvim.press("Enter")
    ghost_is(nvim, ["second()"])
    assert len(sent(nvim, REQUEST)) == 1


def test_taking_it_is_one_step_of_undo_and_dot_repeats_what_was_typed(nvim: Nvim) -> None:
    nvim.append(2, "xy")
    ghost_is(nvim, [GHOST])
    nvim.press("Tab")
    nvim.type("z")
    nvim.press("Escape", "u")
    lines_are(nvim, ["def add(a, b):", f"    total = xy{GHOST}"])
    nvim.press("u")
    lines_are(nvim, ["def add(a, b):", "    total = xy"])
    nvim.press("C-r", "C-r")
    nvim.type("gg.")
    lines_are(nvim, ["def add(a, b):xyz", f"    total = xy{GHOST}z"])


def test_alternatives_take_turns(nvim: Nvim) -> None:
    nvim.append(2, "x")
    ghost_is(nvim, [GHOST])
    items = ", ".join(f"fake.item('{text}', params.position)" for text in (GHOST, "second", "third"))
    answer(nvim, f"return {{ items = {{ {items} }} }}")
    nvim.press("M-]")
    ghost_is(nvim, ["second (2/3)"])
    nvim.press("M-]")
    ghost_is(nvim, ["third (3/3)"])
    nvim.press("M-]")
    ghost_is(nvim, [f"{GHOST} (1/3)"])
    nvim.press("M-[")
    ghost_is(nvim, ["third (3/3)"])
    nvim.press("Tab")
    lines_are(nvim, ["def add(a, b):", "    total = xthird"])
    shown = [one["item"]["insertText"] for one in sent(nvim, "textDocument/didShowCompletion")]
    assert shown[:4] == [GHOST, "second", "third", GHOST]


def test_it_is_sent_away_until_the_next_key(nvim: Nvim) -> None:
    nvim.append(2, "x")
    ghost_is(nvim, [GHOST])
    nvim.press("C-]")
    ghost_is(nvim, [])
    time.sleep(NEVER_S)
    assert nvim.ghost() == []
    nvim.type("a")
    ghost_is(nvim, [GHOST[1:]])
    assert nvim.lines()[1] == "    total = xa"


@pytest.mark.parametrize("key", ["Escape", "C-c"])
def test_leaving_insert_mode_takes_it_away(nvim: Nvim, key: str) -> None:
    nvim.append(2, "x")
    ghost_is(nvim, [GHOST])
    nvim.press(key)
    ghost_is(nvim, [])
    nvim.type("a")
    ghost_is(nvim, [GHOST])


def test_keys_do_what_they_did_where_there_is_no_ghost_text(nvim: Nvim) -> None:
    answer(nvim, "return { items = {} }")
    nvim.lua("vim.keymap.set('i', '<C-l>', 'mapped', { buffer = false }) vim.bo.expandtab = false return 1")
    nvim.lua("require('codeassist').setup({ keys = { accept_word = '<C-l>' } }) return 1")
    nvim.append(1, "x")
    nvim.press("Tab", "C-l")
    lines_are(nvim, ["def add(a, b):x\tmapped", "    total = "])
    nvim.lua("require('codeassist').setup({}) return 1")
    nvim.press("C-l")
    lines_are(nvim, ["def add(a, b):x\tmappedmapped", "    total = "])


def test_keys_can_be_left_alone(nvim: Nvim) -> None:
    nvim.lua("require('codeassist').setup({ keys = false }) vim.bo.expandtab = false return 1")
    nvim.append(2, "x")
    ghost_is(nvim, [GHOST])
    nvim.press("Tab")
    lines_are(nvim, ["def add(a, b):", "    total = x\t"])
    nvim.lua("vim.keymap.set('i', '<C-l>', '<Plug>(codeassist-accept)') return 1")
    ghost_is(nvim, [GHOST])
    nvim.press("C-l")
    lines_are(nvim, ["def add(a, b):", f"    total = x\t{GHOST}"])


def test_in_the_middle_of_a_line_what_is_replaced_goes(nvim: Nvim) -> None:
    answer(nvim, "return { items = { fake.item('beta, gamma)', params.position, 1) } }")
    nvim.append(2, "alpha()")
    nvim.press("Left")
    ghost_is(nvim, ["beta, gamma"])
    nvim.wait(lambda: "    total = alpha(beta, gamma)" in nvim.screen(), "one bracket on the screen")
    nvim.press("Tab")
    lines_are(nvim, ["def add(a, b):", "    total = alpha(beta, gamma)"])


def test_wide_characters_and_emoji(nvim: Nvim) -> None:
    answer(nvim, "return { items = { fake.item('漢字 = \"é😀\"', params.position) } }")
    nvim.append(2, "'😀漢' + ")
    ghost_is(nvim, ['漢字 = "é😀"'])
    position = sent(nvim, REQUEST)[-1]["position"]
    assert position == {"line": 1, "character": len("    total = '😀漢' + ".encode("utf-16-le")) // 2}
    nvim.press("M-Right")
    ghost_is(nvim, [' = "é😀"'])
    assert sent(nvim, "textDocument/didPartiallyAcceptCompletion")[0]["acceptedLength"] == 2
    nvim.press("Tab")
    lines_are(nvim, ["def add(a, b):", "    total = '😀漢' + 漢字 = \"é😀\""])


def test_it_goes_on_from_the_chosen_entry_of_the_popup_menu(nvim: Nvim) -> None:
    nvim.lua("vim.o.completeopt = 'menu,menuone,noinsert' return 1")
    answer(
        nvim,
        """
        local selected = params.context.selectedCompletionInfo
        if not selected then return { items = {} } end
        local item = fake.item(selected.text .. '_more', params.position)
        item.range = selected.range
        return { items = { item } }
        """,
    )
    nvim.append(1, " alphabet alphabetic")
    nvim.press("Escape")
    nvim.append(2, "alph")
    nvim.press("C-n")
    ghost_is(nvim, ["abet_more"])
    info = sent(nvim, REQUEST)[-1]["context"]["selectedCompletionInfo"]
    where = {"start": {"line": 1, "character": 12}, "end": {"line": 1, "character": 16}}
    assert info == {"text": "alphabet", "range": where}
    nvim.press("Down")
    ghost_is(nvim, ["abetic_more"])
    nvim.press("Tab")
    lines_are(nvim, ["def add(a, b): alphabet alphabetic", "    total = alphabetic_more"])
    assert nvim.lua("vim.fn.pumvisible()") == 0


@pytest.mark.parametrize(
    "off",
    [
        "vim.b.codeassist = false",
        "vim.bo.readonly = true",
        "vim.bo.buftype = 'nofile'",
        "require('codeassist').setup({ filetypes_off = { 'python' } })",
        "require('codeassist').setup({ max_file_kib = 0 })",
        "require('codeassist').setup({ automatic = false })",
    ],
)
def test_there_is_none_where_it_is_not_wanted(nvim: Nvim, off: str) -> None:
    nvim.lua(f"{off} return 1")
    nvim.append(2, "x")
    lines_are(nvim, ["def add(a, b):", "    total = x"])
    time.sleep(NEVER_S)
    assert nvim.ghost() == []
    assert sent(nvim, REQUEST) == []


def test_a_request_is_cancelled_by_the_next_one(nvim: Nvim) -> None:
    nvim.lua("fake.delay_ms = 300 return 1")
    nvim.append(2, "")
    nvim.type("qwerty", pause_s=0.06)
    ghost_is(nvim, [GHOST])
    cancelled = sent(nvim, "$/cancelRequest")
    assert len(cancelled) >= len(sent(nvim, REQUEST)) - 1


def test_the_server_is_told_what_is_looked_at(nvim: Nvim) -> None:
    first = Path(nvim.lua("vim.fn.expand('%:p')"))
    nvim.open(first.with_name("second_look.py"), TEXT)
    nvim.lua(f"vim.cmd.edit('{first}') return 1")
    focused = [one["textDocument"]["uri"] for one in sent(nvim, "textDocument/didFocus")]
    assert focused[-2:] == [first.with_name("second_look.py").as_uri(), first.as_uri()]


EDIT = """
fake.results['codeassist.nextEdit'] = {{
  text = '{text}', textDocument = {{ uri = vim.uri_from_bufnr(0), version = 1 }},
  range = {{ start = {{ line = {line}, character = {start} }}, ['end'] = {{ line = {line}, character = {end} }} }},
  command = {{ command = 'codeassist.editAccepted', title = '', arguments = {{ {{ id = 'edit-3' }} }} }},
}}
return 1
"""

# The texts of the preview of a next edit, and what it marks as going.
PREVIEW = """
local space, found = vim.api.nvim_get_namespaces()['codeassist.next_edit'], {}
for _, mark in ipairs(space and vim.api.nvim_buf_get_extmarks(0, space, 0, -1, { details = true }) or {}) do
  local details = mark[4]
  table.insert(found, details.virt_text and details.virt_text[1][1] or
    table.concat(vim.api.nvim_buf_get_text(0, mark[2], mark[3], details.end_row, details.end_col, {})))
end
return found
"""


def test_a_next_edit_is_shown_and_then_applied(nvim: Nvim) -> None:
    nvim.lua(EDIT.format(text="    sum = 1", line=1, start=0, end=12))
    nvim.command("Codeassist next-edit")
    nvim.wait(lambda: nvim.lua(PREVIEW) == ["total = ", "sum = 1"], "the preview")
    assert nvim.lines()[1] == "    total = "
    assert sent(nvim, "textDocument/didShowInlineEdit")[0]["item"]["text"] == "    sum = 1"
    nvim.command("Codeassist next-edit")
    lines_are(nvim, ["def add(a, b):", "    sum = 1"])
    assert nvim.lua(PREVIEW) == []
    commands = [one["command"] for one in sent(nvim, "workspace/executeCommand")]
    assert commands == ["codeassist.nextEdit", "codeassist.editAccepted"]
    nvim.press("u")
    lines_are(nvim, ["def add(a, b):", "    total = "])


def test_a_next_edit_of_several_lines_is_shown_as_whole_lines(nvim: Nvim) -> None:
    nvim.lua(EDIT.format(text="sum = (\\n        1)\\n    total = ", line=1, start=4, end=12))
    nvim.command("Codeassist next-edit")
    shown = "def add(a, b):\n    sum = (\n        1)\n    total =\n"
    nvim.wait(lambda: nvim.screen().startswith(shown), "the preview")
    assert nvim.lines() == ["def add(a, b):", "    total = "]
    nvim.command("Codeassist next-edit")
    lines_are(nvim, ["def add(a, b):", "    sum = (", "        1)", "    total = "])


def test_a_next_edit_is_forgotten_when_something_else_is_typed(nvim: Nvim) -> None:
    nvim.lua(EDIT.format(text="sum", line=1, start=4, end=9))
    nvim.lua("vim.keymap.set('n', '<F5>', '<Plug>(codeassist-next-edit)') return 1")
    nvim.press("F5")
    nvim.wait(lambda: nvim.lua(PREVIEW), "the preview")
    nvim.append(1, "x")
    nvim.wait(lambda: nvim.lua(PREVIEW) == [], "the preview to go")
    nvim.press("Escape")
    nvim.lua("fake.results = {} return 1")
    nvim.press("F5")
    nvim.wait(lambda: "codeassist: no next edit" in nvim.messages(), "that there is none")


COMMANDS = [
    ("Codeassist enable", "codeassist.setEnabled", {"enabled": True}),
    ("Codeassist disable python", "codeassist.setEnabled", {"enabled": False, "language": "python"}),
    ("Codeassist snooze", "codeassist.snooze", {"minutes": 10}),
    ("Codeassist snooze 30", "codeassist.snooze", {"minutes": 30}),
    ("Codeassist stats 30", "codeassist.statistics", {"days": 30}),
]
RANGE = {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}}
ALL = {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 12}}
AREAS: list[tuple[str, str, dict]] = [
    ("1Codeassist docstring", "codeassist.docstring", {"range": RANGE}),
    ("%Codeassist tests", "codeassist.tests", {"range": ALL}),
    ("1Codeassist rewrite make it short", "codeassist.rewrite", {"range": RANGE, "instruction": "make it short"}),
]


def test_commands_reach_the_server(nvim: Nvim) -> None:
    uri = nvim.lua("vim.uri_from_bufnr(0)")
    for line, command, argument in COMMANDS + [(line, name, {"uri": uri} | rest) for line, name, rest in AREAS]:
        nvim.command(line)
        wanted = {"command": command, "arguments": [argument]}
        nvim.wait(lambda wanted=wanted: wanted in sent(nvim, "workspace/executeCommand"), f"{wanted}", within_s=10)


def test_a_rewrite_without_words_asks_for_them(nvim: Nvim) -> None:
    nvim.command("1Codeassist rewrite")
    nvim.wait(lambda: "\nRewrite:" in nvim.screen(), "the question")
    nvim.type("shorter")
    nvim.press("Enter")
    (call,) = nvim.wait(lambda: sent(nvim, "workspace/executeCommand"), "the command")
    assert call["arguments"][0]["instruction"] == "shorter"


def test_fix_takes_the_diagnostic_of_the_line(nvim: Nvim) -> None:
    nvim.command("2Codeassist fix")
    nvim.wait(lambda: "no diagnostic" in nvim.messages(), "that there is none")
    nvim.lua(
        "vim.diagnostic.set(vim.api.nvim_create_namespace('x'), 0, {{ lnum = 1, col = 0, message = 'wrong' }}) return 1"
    )
    nvim.command("2Codeassist fix")
    (call,) = nvim.wait(lambda: sent(nvim, "workspace/executeCommand"), "the command")
    assert call["arguments"][0]["message"] == "wrong"


def test_why_says_why(nvim: Nvim) -> None:
    nvim.lua(
        """
        fake.results['codeassist.why'] = { id = 'complete-1', uri = 'x', line = 1, text = '', confidence = 0.21,
          reason = 'low confidence (0.21 < 0.50)', ms = {},
          sources = { { path = 'other.py', start_line = 3, end_line = 9, why = 'defines `add`', n_tokens = 20 } } }
        return 1
        """
    )
    nvim.command("Codeassist why")
    nvim.wait(lambda: "line 2: nothing suggested: low confidence (0.21 < 0.50)" in nvim.screen(), "the reason")
    assert "from other.py:3-9: defines `add`" in nvim.screen()
    nvim.press("j")
    nvim.wait(lambda: "nothing suggested" not in nvim.screen(), "it to go with the cursor")


def test_an_invocation_without_an_answer_says_why(nvim: Nvim) -> None:
    nvim.lua("fake.results['codeassist.why'] = { line = 1, text = '', reason = 'the model is not sure' } return 1")
    answer(nvim, "return { items = {} }")
    nvim.append(2, "x")
    nvim.press("M-\\")
    nvim.wait(lambda: "no suggestion here: the model is not sure" in nvim.messages(), "the reason")


def test_an_unknown_subcommand_and_a_wrong_option_are_told(nvim: Nvim) -> None:
    nvim.command("Codeassist stat")
    nvim.wait(lambda: "there is no :Codeassist stat; there are " in nvim.screen(), "the message")
    nvim.press("Enter")
    nvim.command("lua require('codeassist').setup({ kyes = {} })")
    nvim.wait(lambda: "codeassist: there is no option kyes; there are " in nvim.screen(), "the message")
    nvim.press("Enter")


STATUS_LINES = [
    ({}, "codeassist"),
    ({"engine": {"state": "starting"}}, "codeassist: starting"),
    ({"enabled": False}, "codeassist: off"),
    ({"languages_off": ["python"]}, "codeassist: off for python"),
    ({"index": {"state": "building"}}, "codeassist: index building"),
]


def test_the_status_line_says_how_it_is(nvim: Nvim) -> None:
    found = nvim.lua(
        """
        local client = vim.lsp.get_clients({ name = 'codeassist' })[1]
        local function say(change)
          local status = vim.tbl_deep_extend('force', fake.status, change)
          client.handlers['codeassist/status'](nil, status, { client_id = client.id })
          return require('codeassist').status()
        end
        return { say({}), say({ engine = { state = 'starting' } }), say({ enabled = false }),
          say({ languages_off = { 'python' } }), say({ index = { state = 'building' } }),
          say({ snoozed_until = os.time() + 500 }), say({}) }
        """
    )
    expected = [text for _, text in STATUS_LINES]
    assert found == [*expected, "codeassist: snoozed 9 min", "codeassist"]
