"""What people forget to take out again, by language. Data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

# `always`: nobody commits it on purpose. `print`: worth a word where nobody reads what is printed. `focus`: in tests.
# `habit`: only where the repository does not do it elsewhere.
Kind = Literal["always", "print", "focus", "habit"]


@dataclass(frozen=True, slots=True)
class Leftover:
    """One thing to look for in a line of code. what: for the message, as `breakpoint()`; why: what it does there.

    habit_word: the name that tells whether a repository does it elsewhere.
    """

    pattern: re.Pattern[str]
    what: str
    why: str
    kind: Kind = "always"
    habit_word: str = ""


def _rule(pattern: str, what: str, why: str, kind: Kind = "always", habit_word: str = "") -> Leftover:
    return Leftover(re.compile(pattern), what, why, kind, habit_word)


_SHOWS = "prints a value to look at it"
_STOPS = "stops the program for a debugger"
_OTHERS_ARE_SKIPPED = "leaves out every other test"
_TELLS_NOTHING = "prints a mark that helped to find a fault"
_OPEN = r"\s*\(\s*"
# What is printed to see that a place is reached, whole; or its beginning.
_SIGNS = r"[\W_]{0,12}"
_MARK = (
    rf"(?i:(?:{_SIGNS}(?:(?:i'?m |got |in |am |we'?re )?here|debug(?:ging)?|x{{3,}}|z{{3,}}|asdf\w*|wtf|blah(?: blah)*"
    rf"|fuck\w*|a{{4,}}|hit it|test123|(?P<digit>\d)(?P=digit){{2,}}){_SIGNS}\d{{0,2}}{_SIGNS}"
    rf"|{_SIGNS}debug[ :>=-][^\"'`]{{0,80}}))"
)


def _marks(call: str, opening: str = r"""[rbf]?["'`]""", closing: str = r"""["'`]""") -> Leftover:
    """A call that prints a mark alone."""
    shown = call.replace("\\", "")
    return _rule(rf"(?<![\w.:]){call}{_OPEN}{opening}{_MARK}{closing}", f"{shown}(…)", _TELLS_NOTHING, "print")


_PYTHON = (
    _rule(r"(?<![\w.])breakpoint\s*\(", "breakpoint()", _STOPS),
    _rule(
        r"(?<![\w.])(?:i?pdb|pudb|wdb|rpdb|web_pdb|pdbpp|epdb|celery\.contrib\.rdb|rdb)\.set_trace\s*\(",
        "set_trace()",
        _STOPS,
    ),
    _rule(r"(?<![\w.])pytest\.set_trace\s*\(", "pytest.set_trace()", _STOPS),
    _rule(r"^\s*(?:import|from)\s+(?:i?pdb|pudb|wdb|rpdb|web_pdb|remote_pdb)\b", "the import of a debugger", _STOPS),
    _rule(r"(?<![\w.])(?:debugpy|ptvsd)\.(?:breakpoint|break_into_debugger|wait_for_client)\s*\(", "debugpy", _STOPS),
    _rule(
        r"^\s*from\s+(?:IPython|icecream)\s+import\s+(?:embed|ic)\b",
        "the import of a debugging tool",
        "is for looking at values",
    ),
    _rule(r"(?<![\w.])IPython\.embed\s*\(", "IPython.embed()", _STOPS),
    _marks("print"),
    _marks(r"logg?(?:er|ing)?\.(?:warning|error|info|critical)"),
)
_JAVASCRIPT = (
    _rule(r"^\s*debugger\b", "debugger", _STOPS),
    _rule(r"(?<![\w.])(?:fit|fdescribe|fcontext)\s*\(\s*[\"'`]", "fit/fdescribe", _OTHERS_ARE_SKIPPED, "focus"),
    _rule(
        r"(?<![\w.])(?:describe|it|test|context|suite|specify|bench)(?:\.\w+)?\.only(?:\.each)?\s*[(`]",
        ".only",
        _OTHERS_ARE_SKIPPED,
        "focus",
    ),
    _marks(r"console\.(?:log|debug|info|warn|error)"),
    _marks("alert"),
    _rule(
        r"(?<![\w.])console\.(?:log|debug|dir|table|trace)\s*\(",
        "console.log(…)",
        "prints on the console",
        "habit",
        "console",
    ),
)
_RUBY = (
    _rule(r"(?<![\w.])binding\.(?:pry|irb|b|break|remote_pry)\b", "binding.pry", _STOPS),
    _rule(r"^\s*(?:byebug|debugger)\s*(?:#.*)?$", "byebug", _STOPS),
    _rule(r"^\s*require\s+[\"'](?:pry|byebug|pry-byebug)[\"']", "the import of a debugger", _STOPS),
    _rule(
        r"^\s*(?:fit|fdescribe|fcontext|fspecify|fexample)[ (][\"']?\S", "fit/fdescribe", _OTHERS_ARE_SKIPPED, "focus"
    ),
    _rule(
        r"^\s*(?:it|describe|context|specify|feature|scenario)\b.*,\s*(?::focus\b|focus: ?true)",
        ":focus",
        _OTHERS_ARE_SKIPPED,
        "focus",
    ),
    _rule(rf"^\s*(?:puts|p|pp)[ (]\s*[\"']{_MARK}[\"']", "puts", _TELLS_NOTHING, "print"),
)
_JVM = (_marks(r"System\.(?:out|err)\.print(?:ln)?"), _marks(r"println"))
_C = (
    _rule(
        r"(?<![\w.>])(?:__debugbreak|DebugBreak|__builtin_debugtrap|__builtin_trap_debug)\s*\(", "a breakpoint", _STOPS
    ),
    _rule(r"(?<![\w.>])raise\s*\(\s*SIGTRAP\s*\)", "raise(SIGTRAP)", _STOPS),
    _rule(
        rf"(?<![\w.:>]){'f?printf'}{_OPEN}(?:stderr\s*,\s*)?\"{_MARK}(?:\\n)?\"", "printf(…)", _TELLS_NOTHING, "print"
    ),
    _rule(
        rf"\bc(?:out|err)\s*<<\s*\"{_MARK}(?:\\n)?\"\s*(?:<<\s*(?:std::)?endl\s*)?;", "cout", _TELLS_NOTHING, "print"
    ),
)

LEFTOVERS: Mapping[str, tuple[Leftover, ...]] = {
    "python": _PYTHON,
    "javascript": _JAVASCRIPT,
    "typescript": _JAVASCRIPT,
    "tsx": _JAVASCRIPT,
    "rust": (_rule(r"(?<![\w.:])(?:std::)?dbg!\s*[(\[{]", "dbg!", _SHOWS), _marks(r"e?println!")),
    "go": (
        _rule(r"(?<![\w.])runtime\.Breakpoint\s*\(", "runtime.Breakpoint()", _STOPS),
        _rule(r"(?<![\w.])(?:spew\.(?:Dump|Printf)|litter\.Dump)\s*\(", "a dump", _SHOWS),
        _marks(r"(?:fmt|log)\.Print(?:ln|f)?"),
        _marks(r"println"),
    ),
    "ruby": _RUBY,
    "php": (
        _rule(r"(?<![\w>:$\\])(?:var_dump|dd|ddd|xdebug_break|debug_zval_refcount)\s*\(", "a dump", _SHOWS),
        _rule(rf"^\s*(?:echo|print)\s*\(?\s*[\"']{_MARK}[\"']", "echo", _TELLS_NOTHING, "print"),
    ),
    "java": _JVM,
    "kotlin": _JVM,
    "scala": _JVM,
    "c": _C,
    "cpp": _C,
    "c_sharp": (
        _rule(r"(?<![\w.])(?:System\.Diagnostics\.)?Debugger\.(?:Break|Launch)\s*\(", "Debugger.Break()", _STOPS),
        _marks(r"(?:System\.)?(?:Console|Debug)\.Write(?:Line)?"),
    ),
    "swift": (
        _marks("print"),
        _rule(r"(?<![\w.])(?:fit|fdescribe|fcontext)\s*\(\s*\"", "fit/fdescribe", _OTHERS_ARE_SKIPPED, "focus"),
    ),
    "lua": (_rule(r"(?<![\w.])debug\.debug\s*\(", "debug.debug()", _STOPS), _marks("print")),
    "elixir": (
        _rule(r"(?<![\w.])IEx\.(?:pry|break!)\b", "IEx.pry", _STOPS),
        _rule(r"^\s*(?:\|>\s*)?dbg\s*\(|\|>\s*dbg\b", "dbg()", _SHOWS),
        _marks(r"IO\.(?:puts|inspect)"),
    ),
    "zig": (_rule(r"(?<!\w)@breakpoint\s*\(", "@breakpoint()", _STOPS),),
    "bash": (_rule(rf"^\s*echo\s+[\"']?{_MARK}[\"']?\s*$", "echo", _TELLS_NOTHING, "print"),),
}  # fmt: skip
