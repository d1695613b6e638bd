"""A report in the forms that other programs read."""

from __future__ import annotations

import io
import json
import os
import re
from dataclasses import replace
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from rich.console import Console
from sarif_rules import SARIF

from codeassist.commands.show_review import show_review
from codeassist.findings.types import Category, Finding, Replacement
from codeassist.review.formats.kinds import KINDS, kind_of
from codeassist.review.formats.sarif import sarif
from codeassist.review.formats.services import github, gitlab
from codeassist.review.report import PassReport, Report, report_from_json, report_to_json

FINDING = Finding(
    id="0123456789abcdef",
    path="src/a b%.py",
    start_line=3,
    end_line=3,
    severity="warning",
    category="stale-call",
    message="100% wrong:\nsee `f`, too",
    evidence="src/f.py:7",
    start_column=4,
    end_column=9,
    places=("x/y.py:12", "not a place", "src/f.py:7"),
    confidence=0.8125,
    found_by="static",
    replacement=Replacement(3, 3, "    f(1)"),
)
PLAIN = replace(
    FINDING, id="2", path=os.fsdecode(b"bad\xff.py"), severity="error", category="bug", end_line=5, end_column=None,
    places=(), replacement=None,
)  # fmt: skip
NOTE = replace(PLAIN, id="3", path="c.py", severity="note", replacement=Replacement(4, 3, "new"))
REPORT = Report(
    "staged changes",
    (FINDING, PLAIN, NOTE),
    (PassReport("static", 3.5, 3), PassReport("surprise", 0.0, 0, "not run: no engine")),
    ("a.png is not looked at",),
    n_files=2,
    n_lines=20,
    n_dismissed=1,
    ms=12.5,
)
EMPTY = Report("staged changes", (), notes=("not reviewed: git is gone",), is_complete=False)


@pytest.mark.parametrize("report", [REPORT, EMPTY, Report("nothing", ())])
def test_json_leads_back_to_the_report(report: Report) -> None:
    assert report_from_json(json.loads(json.dumps(report_to_json(report)))) == report


@pytest.mark.parametrize(
    "value",
    [{}, {"version": 1}, [], None, 3, report_to_json(EMPTY) | {"version": 2}, report_to_json(EMPTY) | {"more": 1},
     report_to_json(EMPTY) | {"findings": [{"id": "x"}]}, report_to_json(EMPTY) | {"passes": 3},
     report_to_json(REPORT) | {"findings": [None]}],
)  # fmt: skip
def test_what_is_no_report_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="report"):
        report_from_json(value)


@pytest.mark.parametrize("report", [REPORT, EMPTY, Report("nothing", ())])
@pytest.mark.parametrize("prefix", ["", "sub/"])
def test_sarif_keeps_to_the_rules(report: Report, prefix: str) -> None:
    document = json.loads(json.dumps(sarif(report, prefix), ensure_ascii=False).encode())
    Draft202012Validator(SARIF).validate(document)
    run = document["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    assert {location["physicalLocation"]["artifactLocation"]["uriBaseId"] for result in run["results"]
            for location in result["locations"]} <= set(run["originalUriBaseIds"])  # fmt: skip


def test_sarif_tells_where_and_what() -> None:
    run = sarif(REPORT, "sub/")["runs"][0]
    first, second, third = run["results"]
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "sub/src/a%20b%25.py"
    assert place["region"] == {"startLine": 3, "endLine": 3, "startColumn": 5, "endColumn": 10}
    assert [one["physicalLocation"]["artifactLocation"]["uri"] for one in first["relatedLocations"]] == [
        "sub/src/f.py", "sub/x/y.py",
    ]  # fmt: skip
    assert (first["partialFingerprints"], first["level"]) == ({"codeassistFinding/v1": FINDING.id}, "warning")
    assert second["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "sub/bad%FF.py"
    assert second["locations"][0]["physicalLocation"]["region"] == {"startLine": 3, "endLine": 5}
    assert "fixes" not in second
    assert third["level"] == "note"
    assert run["invocations"][0]["executionSuccessful"]
    assert not sarif(EMPTY)["runs"][0]["invocations"][0]["executionSuccessful"]


TEXT = "one\ntwo\nthree\n"


@pytest.mark.parametrize(
    ("replacement", "expected"),
    [
        (Replacement(2, 2, "2"), "one\n2\nthree\n"),
        (Replacement(1, 2, "1\n2"), "1\n2\nthree\n"),
        (Replacement(2, 2, ""), "one\nthree\n"),
        (Replacement(2, 1, "new"), "one\nnew\ntwo\nthree\n"),
        (Replacement(4, 3, "end"), "one\ntwo\nthree\nend\n"),
    ],
)
def test_whoever_applies_a_fix_of_sarif_gets_what_we_would(replacement: Replacement, expected: str) -> None:
    report = Report("x", (replace(FINDING, replacement=replacement),))
    (fix,) = sarif(report)["runs"][0]["results"][0]["fixes"]
    (change,) = fix["artifactChanges"][0]["replacements"]
    region, starts = change["deletedRegion"], [0]
    for line in TEXT.split("\n")[:-1]:
        starts.append(starts[-1] + len(line) + 1)
    begin = starts[region["startLine"] - 1] + region["startColumn"] - 1
    if "endColumn" in region:
        end = starts[region["endLine"] - 1] + region["endColumn"] - 1
    else:
        end = TEXT.index("\n", starts[region["endLine"] - 1])
    assert TEXT[:begin] + change["insertedContent"]["text"] + TEXT[end:] == expected


def test_github_reads_one_command_on_each_line() -> None:
    lines = github(replace(REPORT, findings=(FINDING,))).split("\n")
    assert lines == [
        "::warning file=src/a b%25.py,line=3,endLine=3,col=5,endColumn=9,"
        "title=A call does not fit the changed signature::100%25 wrong:%0Asee `f`, too "
        "(see src/f.py:7, x/y.py:12)",
        "::notice title=codeassist review::a.png is not looked at",
        "",
    ]


def test_nothing_in_a_finding_can_be_a_command_of_its_own() -> None:
    evil = replace(
        FINDING,
        path="x,line=1::error::\n::add-mask::a\r\u2028:b",
        places=(),
        evidence="",
        message="%0A::set-env name=A::\n::stop-commands::t\x1b[2J",
    )
    text = github(replace(REPORT, findings=(evil,), notes=("\n::error::x",)))
    first, second = map(command, text.removesuffix("\n").split("\n"))
    assert first[0] == "warning"
    assert (first[1]["file"], first[1]["line"]) == ("x,line=1::error::\n::add-mask::a\r\u2028:b", "3")
    assert first[2] == "%0A::set-env name=A::\n::stop-commands::t\\x1b[2J"
    assert second == ("notice", {"title": "codeassist review"}, "\n::error::x")


def command(line: str) -> tuple[str, dict[str, str], str]:
    """A line as the runner reads it. Source: GitHub, `actions/runner`, `ActionCommand.cs`."""
    found = re.fullmatch(r"::([a-z-]+) (.*?)::(.*)", line)
    assert found is not None
    properties = dict(one.split("=", 1) for one in found[2].split(","))
    return found[1], {name: unescaped(value) for name, value in properties.items()}, unescaped(found[3])


def unescaped(text: str) -> str:
    for written, meant in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(written, meant)
    return text


def test_what_was_cut_short_is_told_to_github() -> None:
    assert "no engine" not in github(REPORT)
    assert "::notice title=codeassist review::surprise: not run: no engine" in github(
        replace(REPORT, passes=(replace(REPORT.passes[1], is_complete=False),), is_complete=False)
    )


def test_gitlab_gets_what_its_documentation_asks_for() -> None:
    issues = gitlab(REPORT, "sub/")
    assert issues[0] == {
        "description": f"{FINDING.message} (see sub/src/f.py:7, sub/x/y.py:12)",
        "check_name": "stale-call",
        "fingerprint": FINDING.id,
        "severity": "major",
        "location": {"path": "sub/src/a b%.py", "lines": {"begin": 3, "end": 3}},
    }
    assert [issue["severity"] for issue in issues] == ["major", "critical", "minor"]
    assert gitlab(EMPTY) == []


def test_every_kind_of_finding_has_words_of_its_own() -> None:
    assert set(KINDS) == set(get_args(Category))
    assert len({kind.title for kind in KINDS.values()}) == len(KINDS)
    assert kind_of("not-known-yet").title == "Not known yet"


def test_no_name_or_note_begins_a_line_of_the_text() -> None:
    """A runner of CI takes any line that begins so for a command, blanks aside."""
    named = "a\n::stop-commands::x"
    finding = replace(FINDING, path=named, message=named, evidence=f"{named}:1", places=(f"{named}:2",))
    report = Report("x", (finding,), (PassReport("static", 1.0, 1, named),), notes=(named,), n_files=1)
    stream = io.StringIO()
    show_review(Console(file=stream, width=400), report, lambda _: "\n::error::x\n\n")
    assert "stop-commands" in stream.getvalue()
    assert not [line for line in stream.getvalue().split("\n") if line.lstrip().startswith("::")]
