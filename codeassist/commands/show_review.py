"""A review's report for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from rich.console import Console
from rich.text import Text

from codeassist.findings.types import Finding, Severity
from codeassist.printable import printable, printable_name
from codeassist.review.changes import lines_of
from codeassist.review.report import Report
from indexer.secret_rules import holds_secret

_STYLES = {"error": "bold red", "warning": "bold yellow", "note": "bold cyan"}
_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
MAX_PLACES = 8
MAX_LINES = 6
MAX_REMEDY = 12
MAX_CHARACTERS = 160
_HIDDEN = "(not shown: it holds a secret)"
_INDENT = "  "

TextOf = Callable[[str], str | None]


def show_review(console: Console, report: Report, text_of: TextOf = lambda _: None) -> None:
    """One block for each finding, then what was looked at. text_of: the reviewed text of a file, by its path."""
    for finding in report.findings:
        for line in _finding(finding, text_of):
            console.print(line)
        console.print()
    for note in report.notes:
        console.print(Text(printable_name(note), "dim" if report.is_complete or report.passes else "yellow"))
    for one in report.passes:
        if one.note:
            console.print(Text(f"{one.name}: {printable_name(one.note)}", "dim" if one.is_complete else "yellow"))
    if report.n_files:
        console.print(_summary(report))


def _finding(finding: Finding, text_of: TextOf) -> Iterator[Text]:
    yield Text.assemble(
        (f"{printable_name(finding.path)}:{finding.start_line}", "bold"), "  ",
        (finding.severity, _STYLES[finding.severity]), "  ", finding.category, (f"  {finding.id}", "dim"),
    )  # fmt: skip
    yield Text(f"{_INDENT}{printable_name(finding.message)}")
    lines = lines_of(text_of(finding.path) or "")
    yield from _code(finding, lines)
    yield from _remedy(finding, lines)
    yield from _places(finding, text_of)


def _code(finding: Finding, lines: Sequence[str]) -> Iterator[Text]:
    """The lines of the finding, and marks below a part of one."""
    end = min(finding.end_line, len(lines))
    for number in range(finding.start_line, min(end, finding.start_line + MAX_LINES - 1) + 1):
        line = lines[number - 1]
        yield _numbered(number, _shown(finding, line), "")
        column = finding.end_column
        if column is not None and finding.start_line == finding.end_line and column <= len(_shown(finding, line)):
            blank = "".join("\t" if letter == "\t" else " " for letter in line[: finding.start_column])
            marks = "^" * max(1, column - finding.start_column)
            yield Text.assemble(" " * 7, (" │ ", "dim"), (printable(blank) + marks, _STYLES[finding.severity]))
    if end - finding.start_line >= MAX_LINES:
        yield Text(f"{_INDENT}      … {end - finding.start_line + 1 - MAX_LINES} more lines", "dim")


def _remedy(finding: Finding, lines: Sequence[str]) -> Iterator[Text]:
    """What would be taken out and put in, as a diff shows it."""
    remedy = finding.replacement
    if remedy is None or not lines or finding.category == "secret":
        return
    yield Text(f"{_INDENT}suggested:", "dim")
    gone = [("-", number, lines[number - 1], "red") for number in range(remedy.start_line, remedy.end_line + 1)]
    come = lines_of(remedy.text) if remedy.text else ()
    rows = [*gone, *(("+", number, line, "green") for number, line in enumerate(come, remedy.start_line))]
    for mark, number, line, style in rows[:MAX_REMEDY]:
        yield _numbered(number, _shown(finding, line), mark, style)
    if len(rows) > MAX_REMEDY:
        yield Text(f"{_INDENT}      … {len(rows) - MAX_REMEDY} more lines", "dim")


def _places(finding: Finding, text_of: TextOf) -> Iterator[Text]:
    """Where else it shows, with what stands there."""
    own = f"{finding.path}:{finding.start_line}"
    places = [place for place in dict.fromkeys((finding.evidence, *finding.places)) if place and place != own]
    for place in places[:MAX_PLACES]:
        path, _, line = place.rpartition(":")
        lines = lines_of(text_of(path) or "") if line.isdecimal() else ()
        row = int(line) - 1 if line.isdecimal() else -1
        code = _shown(finding, lines[row].strip()) if 0 <= row < len(lines) else ""
        yield Text.assemble(f"{_INDENT}see ", (printable_name(place), "cyan"), (f"  {code}" if code else "", "dim"))
    if len(places) > MAX_PLACES:
        yield Text(f"{_INDENT}… and {len(places) - MAX_PLACES} more places", "dim")


def _numbered(number: int, line: str, mark: str, style: str = "") -> Text:
    return Text.assemble((f"{number:>6} ", "dim"), (mark or " ", style), ("│ ", "dim"), (line, style))


def _shown(finding: Finding, line: str) -> str:
    if finding.category == "secret" or holds_secret(line):
        return _HIDDEN
    shown = printable(line)
    return shown if len(shown) <= MAX_CHARACTERS else f"{shown[:MAX_CHARACTERS]}…"


def _summary(report: Report) -> Text:
    count = Counter(finding.severity for finding in report.findings)
    calm = "green" if report.is_complete else ""
    found = [(f"{count[one]} {one}{'s' * (count[one] != 1)}", _STYLES[one]) for one in _SEVERITIES if count[one]]
    text = Text(", ").join(Text(*one) for one in found) if found else Text("nothing found", calm)
    files = f"{report.n_files} file{'s' * (report.n_files != 1)}"
    changed = f"{report.n_lines} changed line{'s' * (report.n_lines != 1)}"
    text.append(f" in {files}, {changed}: {report.source}; {report.ms / 1e3:.1f} s", "dim")
    if report.n_dismissed:
        text.append(f"; {report.n_dismissed} dismissed before", "dim")
    if report.n_more:
        text.append(f"; {report.n_more} more not shown", "dim")
    if not report.is_complete:
        text.append("; not everything was looked at", "yellow")
    return text
