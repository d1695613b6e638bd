"""What a hook asks of another process: to review what is staged. Loads little: a hook starts for each commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from codeassist.engine.fields import Fields, Misfit, mapping, number, one_of, optional, text, texts
from codeassist.errors import RequestRejected
from codeassist.findings.types import Finding
from codeassist.review.report import Report, report_from_json, report_to_json

REVIEW_PATH = "/codeassist/v1/review"
# Findings from which on a commit is stopped.
FAIL_ON = ("error", "warning", "note", "never")
MOST_SECONDS = 600.0

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A review of what is staged in `workspace`, an absolute path.

    index_file: absolute path of the index that git is about to commit, "" for the repository's own. passes: their
    names; None for those of the settings.
    """

    workspace: str
    max_seconds: float
    index_file: str = ""
    passes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """fail_on: what the settings say of findings that stop a commit."""

    report: Report
    fail_on: str


def asked_to_json(asked: Asked) -> Json:
    """Every field."""
    return {
        "workspace": asked.workspace,
        "max_seconds": asked.max_seconds,
        "index_file": asked.index_file,
        "passes": None if asked.passes is None else list(asked.passes),
    }


def asked_from_json(value: Mapping[str, Any]) -> Asked:
    """The request. Raises RequestRejected for anything else than `asked_to_json` writes; which passes there are is not
    looked at."""
    fields = Fields(value, "the request", RequestRejected)
    asked = Asked(
        workspace=fields.take("workspace", _absolute_path),
        max_seconds=fields.take("max_seconds", _seconds),
        index_file=fields.take("index_file", _path_or_nothing, ""),
        passes=fields.take("passes", optional(texts), None),
    )
    fields.finish()
    return asked


def answer_to_json(answer: Answer) -> Json:
    """Every field."""
    return {"report": report_to_json(answer.report), "fail_on": answer.fail_on}


def answer_from_json(value: object) -> Answer:
    """The answer. Raises ValueError for anything else than `answer_to_json` writes."""
    try:
        fields = Fields(mapping(value), "the answer", ValueError)
        report = report_from_json(fields.take("report", mapping))
        answer = Answer(report, fields.take("fail_on", one_of(FAIL_ON)))
        fields.finish()
    except Misfit as misfit:
        raise ValueError(f"the answer must be {misfit}") from None
    return answer


def failing(findings: tuple[Finding, ...], fail_on: str) -> tuple[Finding, ...]:
    """Those findings that stop a commit."""
    if fail_on == "never":
        return ()
    grave = FAIL_ON[: FAIL_ON.index(fail_on) + 1]
    return tuple(finding for finding in findings if finding.severity in grave)


def _absolute_path(value: object) -> str:
    if not (path := text(value)).startswith("/") or "\0" in path:
        raise Misfit("an absolute path")
    return path


def _path_or_nothing(value: object) -> str:
    return "" if value == "" else _absolute_path(value)


def _seconds(value: object) -> float:
    if not 0 < (seconds := number(value)) <= MOST_SECONDS:
        raise Misfit(f"a number of seconds up to {MOST_SECONDS:g}")
    return seconds
