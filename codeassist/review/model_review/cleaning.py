"""What a chat model sees of a line that others wrote. Pure.

Each line stays one line, so that numbers hold. What is taken out is named by a mark in its place.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from codeassist.printable import printable_name
from indexer.secret_rules import holds_secret

Removed = Literal["addressed", "hidden", "secret", "token"]

LEFT_OUT: Mapping[Removed, str] = {
    "addressed": "[a line that speaks to a language model is left out]",
    "secret": "[a line that looks like a secret is left out]",
    "hidden": "[hidden]",
    "token": "[chat token]",
}
MASK = "[masked]"
MAX_LINE = 400
# So many lines in a row are read as one sentence.
_SENTENCE_LINES = 3

# Characters that make a line read otherwise than it is: they turn the direction of writing, or spell words that nobody
# sees. Source: Boucher and Anderson, "Trojan Source" (2021); Unicode 16, "Tags".
_DECEPTIVE = re.compile("[\u202a-\u202e\u2066-\u2069\U000e0020-\U000e007f]")
# The flags of England, Scotland and Wales are spelled so as well. Source: Unicode Technical Standard 51, annex C.
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f")
# Those, and all others that show nothing. U+200C and U+200D are left: scripts and emoji need them.
# Source: Unicode 16, "Default_Ignorable_Code_Point".
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u180b-\u180e\u200b\u200e\u200f\u202a-\u202e\u2028\u2029"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
# Tokens of chat templates and of FIM, which some servers parse out of any text.
_TOKEN = re.compile(
    r"<\|[^|<>\s]{1,40}\|>|<｜[^｜<>]{1,40}｜>|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\]"
    r"|<</?SYS>>|</?s>|<(?:start|end)_of_turn>|<(?:bos|eos|pad|unk)>|</?think>|<fim_(?:prefix|middle|suffix|pad)>"
)
# A password or key as code or a configuration gives it; the value is masked.
_ASSIGNED = re.compile(
    r"(?i)((?:password|passwd|pwd|secret|api_?key|access_?key|auth_?token|access_?token|private_?key|credential)s?"
    r"[\w-]{0,20}[\"']?\]?\s*(?::=|=>|[:=])\s*[\"'])([^\"'\s]{6,})(?=[\"'])"
)

_MODEL = (
    r"(?:ai|llm|gpt|chatgpt|claude|copilot|gemini|language model|(?:ai|automated) (?:code )?(?:review|reviewer|assist"
    r"ant)|code reviewers?|review(?:er)? (?:bot|model|assistant)|reviewing (?:model|assistant)|reviewers?)"
)
_OUTCOME = (
    r"(?:approved?|lgtm|looks? good|no (?:issues?|findings?|bugs?|problems?|errors?)|(?:is|as) (?:safe|correct)"
    r"|(?:do not|don t|never|must not|should not) (?:report|flag|mention|review|criticise|criticize|comment)"
    r"|skip (?:this|the|all)|empty (?:list|array|findings?)|verdict|not real)"
)
_FORMER = r"(?:\w+ ){0,4}?(?:previous|prior|above|earlier|preceding|foregoing|all|any|your|system) (?:\w+ ){0,3}?"
# On words alone, in lower case. Each is either told to a model, or to nobody.
_ADDRESSED = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:ignore|disregard|forget) {_FORMER}(?:instructions?|prompts?|rules|directions|guidelines|directives)\b",
        rf"\b(?:override|bypass) {_FORMER}(?:instructions?|prompts?|directives)\b",
        rf"\b(?:as|you are|you re|dear|attention|hey|hello|note to|notice to|message (?:to|for)|instructions? (?:to"
        rf"|for)|if you are|for) (?:an? |the |any |all |every )?{_MODEL}\b(?=.{{0,200}}\b{_OUTCOME}\b)",
        rf"\b{_OUTCOME}\b.{{0,80}}\b(?:as|you are|dear|attention|note to|if you are) (?:an? |the |any )?{_MODEL}\b",
        r"\b(?:respond|answer|reply|output|return) (?:only |just |always )?(?:with )?(?:only )?(?:an? |the )?"
        r"(?:empty (?:list|array|json) of findings|empty findings|findings (?:list )?empty|no findings|verdict"
        r" (?:is )?not)",
        r"\b(?:this|the) (?:code|change|diff|commit|patch|pull request) (?:has|have|was|is) (?:already |been )*"
        r"(?:reviewed|approved|audited|vetted) .{0,60}\b(?:no findings|no issues|report nothing|approve)\b",
        r"\byou (?:must|should|shall|will|have to|need to) (?:\w+ )?(?:report nothing|not report"
        r"|report no|approve (?:this|the) (?:change|code|diff|commit|patch|pull request|merge|file))\b",
        r"\b(?:begin|end|start) of (?:the )?(?:system prompt|untrusted (?:text|input|code)|new instructions)\b",
    )
)
# Each of the patterns has one of these words: looking for them first takes a tenth of the time.
_HINTS = frozenset({
    "ignore", "disregard", "forget", "override", "bypass", "ai", "llm", "gpt", "chatgpt", "claude", "copilot",
    "gemini", "language", "automated", "review", "reviewer", "reviewers", "reviewing", "reviewed", "approved",
    "audited", "vetted", "findings", "verdict", "report", "approve", "untrusted", "prompt", "instructions",
})  # fmt: skip
_ADDRESSED_LINE: tuple[str, Removed] = (LEFT_OUT["addressed"], "addressed")
_NOT_WORDS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Lines as a model sees them. removed: what was taken out of which line, by its place in `lines`."""

    lines: tuple[str, ...]
    removed: Mapping[int, Removed]


def cleaned(lines: Sequence[str]) -> Cleaned:
    """The lines without what is not for a model."""
    addressed = lines_that_address_a_model(lines)
    is_secret = holds_secret("\n".join(lines))
    shown: list[str] = []
    removed: dict[int, Removed] = {}
    for place, line in enumerate(lines):
        text, what = _ADDRESSED_LINE if place in addressed else _cleaned_line(line, is_secret)
        shown.append(text)
        if what:
            removed[place] = what
    return Cleaned(tuple(shown), removed)


def lines_that_address_a_model(lines: Sequence[str]) -> frozenset[int]:
    """Places of lines in which, alone or with those beside them, a model is spoken to."""
    words = [_words(line) for line in lines]
    hinted = {place for place, said in enumerate(words) if not _HINTS.isdisjoint(said.split(" "))}
    found: set[int] = set()
    for length in range(1, _SENTENCE_LINES + 1):
        for first in range(len(words) - length + 1):
            places = range(first, first + length)
            if hinted.isdisjoint(places) or not found.isdisjoint(places) or not (words[first] and words[places[-1]]):
                continue
            if is_addressed(" ".join(words[first : first + length])):
                found.update(places)
    return frozenset(found)


def cleaned_name(path: str) -> str:
    """A path as a model may see it: on one line."""
    return cleaned([printable_name(path)]).lines[0]


def is_addressed(words: str) -> bool:
    """Whether words, as `_words` has them, speak to a model that reviews code."""
    return any(pattern.search(words) for pattern in _ADDRESSED)


def is_marked(text: str) -> bool:
    """Whether a text has a mark of ours in it: it stands for something that nobody but the file knows."""
    return MASK in text or any(mark in text for mark in LEFT_OUT.values())


def _cleaned_line(line: str, in_secret_text: bool) -> tuple[str, Removed | Literal[""]]:
    if holds_secret(line) or (in_secret_text and len(line.strip()) > 40 and " " not in line.strip()):
        return LEFT_OUT["secret"], "secret"
    what: Removed | Literal[""] = ""
    text, n_masked = _ASSIGNED.subn(rf"\g<1>{MASK}", line)
    if n_masked:
        what = "secret"
    text, n_tokens = _TOKEN.subn(LEFT_OUT["token"], text)
    if n_tokens:
        what = "token"
    text, n_hidden = _HIDDEN.subn(LEFT_OUT["hidden"], text)
    if n_hidden and _DECEPTIVE.search(_FLAG.sub("", line)):
        what = "hidden"
    return (text if len(text) <= MAX_LINE else f"{text[:MAX_LINE]}…"), what


def _words(line: str) -> str:
    """The words of a line as they are read aloud: names taken apart, without what nobody sees."""
    said = line[: 4 * MAX_LINE]
    plain = (said if said.isascii() else unicodedata.normalize("NFKC", _HIDDEN.sub("", said))).casefold()
    return _NOT_WORDS.sub(" ", plain).strip()
