"""The forms of a chat model's answers, and what is read from them. Pure.

Every text is made short, printable and, but for code, one line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from codeassist.chat.forms import read_json
from codeassist.chat.model import Form
from codeassist.engine.fields import Fields, Misfit, integer, mapping, number, one_of, text, texts
from codeassist.errors import AnswerUnusable
from codeassist.findings.types import Category, Severity
from codeassist.printable import printable

MAX_CLAIMS = 5
MAX_QUOTE, MAX_REASON, MAX_WHY = 400, 240, 240
MAX_REPLACEMENT_LINES, MAX_REPLACEMENT_LINE = 12, 160

# "style" has a place in the answer so that it takes no other one; it is never shown.
STYLE = "style"
_CATEGORIES = ("bug", "security", "performance", "maintainability", STYLE)
_SEVERITIES = ("error", "warning", "note")
_VERDICTS = ("real", "not")
_NOTHING: tuple[str, ...] = ()
_BLANKS = re.compile(r"\s+")


def _text(longest: int) -> dict[str, Any]:
    return {"type": "string", "maxLength": longest}


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_LINE = {"type": "integer", "minimum": 1, "maximum": 9_999_999}
_CLAIM = _object(
    quote=_text(MAX_QUOTE),
    start_line=_LINE,
    end_line=_LINE,
    reason=_text(MAX_REASON),
    category={"enum": list(_CATEGORIES)},
    severity={"enum": list(_SEVERITIES)},
    confidence={"type": "number", "minimum": 0, "maximum": 1},
    replacement={"type": "array", "items": _text(MAX_REPLACEMENT_LINE), "maxItems": MAX_REPLACEMENT_LINES},
)
CLAIMS = Form("findings", _object(findings={"type": "array", "items": _CLAIM, "maxItems": MAX_CLAIMS}))
VERDICT = Form("verdict", _object(why=_text(MAX_WHY), quote=_text(MAX_QUOTE), verdict={"enum": list(_VERDICTS)}))


@dataclass(frozen=True, slots=True)
class Claim:
    """What a model says is wrong, as it says it. Lines are 1-based; quote, replacement: code, LF line ends.

    confidence: from 0 to 1. replacement: "" for none.
    """

    quote: str
    start_line: int
    end_line: int
    reason: str
    category: Category
    severity: Severity
    confidence: float
    replacement: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a claim is real, and the code that is said to prove it."""

    is_real: bool
    quote: str
    why: str


def read_claims(answer: str) -> list[Claim]:
    """The claims of an answer but those of style, at most `MAX_CLAIMS`; one that has not the form is none.

    Raises AnswerUnusable where the whole has it not.
    """
    listed = read_json(answer).get("findings")
    if not isinstance(listed, list):
        raise AnswerUnusable("the chat model's answer has no list of findings")
    claims = [claim for item in listed if (claim := _claim(item)) is not None]
    return claims[:MAX_CLAIMS]


def read_verdict(answer: str) -> Verdict:
    """The verdict of an answer. Raises AnswerUnusable."""
    fields = Fields(read_json(answer), "the chat model's verdict", AnswerUnusable)
    verdict: str = fields.take("verdict", one_of(_VERDICTS))
    return Verdict(
        verdict == "real", _code(fields.take("quote", text)), one_line(fields.take("why", text, ""), MAX_WHY)
    )


def one_line(said: str, longest: int) -> str:
    """A model's words for a person: one line that is no longer, without what a terminal would take for a command."""
    short = _BLANKS.sub(" ", said).strip()
    return printable(short if len(short) <= longest else f"{short[: longest - 1].rstrip()}…")


def _claim(item: object) -> Claim | None:
    """A claim; None for one of style, and for what has not the form."""
    try:
        fields = Fields(mapping(item), "a finding", Misfit)
        category: str = fields.take("category", one_of(_CATEGORIES))
        lines = "\n".join(fields.take("replacement", texts, _NOTHING)[: MAX_REPLACEMENT_LINES + 1])
        claim = Claim(
            quote=_code(fields.take("quote", text)),
            start_line=fields.take("start_line", integer),
            end_line=fields.take("end_line", integer),
            reason=one_line(fields.take("reason", text), MAX_REASON).rstrip("."),
            category=category,  # type: ignore[arg-type]
            severity=fields.take("severity", one_of(_SEVERITIES)),
            confidence=min(1.0, max(0.0, fields.take("confidence", number))),
            replacement=lines if lines.count("\n") < MAX_REPLACEMENT_LINES else "",
        )
    except Misfit:
        return None
    return None if category == STYLE or not claim.reason else claim


def _code(said: str) -> str:
    return said.replace("\r\n", "\n").replace("\r", "\n")[:MAX_QUOTE]
