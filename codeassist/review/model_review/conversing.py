"""The questions of a review to a chat model: each portion of a file, then each claim once more by itself."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from codeassist.chat.model import Chat, Form, Message, formed_answer
from codeassist.errors import AnswerCutOff, AnswerUnusable, EngineError
from codeassist.findings.types import Finding
from codeassist.review.model_review.anchoring import Anchored, anchored, finding_of, grouped, is_shown
from codeassist.review.model_review.answers import CLAIMS, VERDICT, read_claims, read_verdict
from codeassist.review.model_review.portions import Portion
from codeassist.review.model_review.prompts import Section, finding_prompt, judging_prompt
from codeassist.types import Priority

_log = logging.getLogger(__name__)

# Questions that are asked at the same time: enough to keep a server busy, and seats are left for others.
N_AT_ONCE = 2
# Claims about one file that are looked at once more.
MAX_CLAIMS_PER_FILE = 6
# A proof by fewer characters would prove anything.
MIN_PROOF = 6


@dataclass(frozen=True)
class Question:
    """One portion of a file, and what is known around it. text: of the new file, which replacements must fit.

    sections: found out when it is asked, in a thread.
    may_replace: whether replacements are taken; not from a file that speaks to the model.
    """

    portion: Portion
    language: str
    text: str
    sections: Callable[[], Sequence[Section]]
    may_replace: bool = True


@dataclass
class Progress:
    """How far a review is; it stays where an end comes early. failure: why nothing more is asked, "" for no reason."""

    n_questions: int
    n_answered: int = 0
    n_unusable: int = 0
    n_refuted: int = 0
    failure: str = ""
    found: list[Finding] = field(default_factory=list)
    n_claims: Counter[str] = field(default_factory=Counter)


async def converse(chat: Chat, questions: Sequence[Question], progress: Progress) -> None:
    """Ask all of it, the first question first, and add findings to `progress`. May be cancelled at any time."""
    waiting = iter(questions)

    async def work() -> None:
        for question in waiting:
            if progress.failure:
                return
            await _ask_about(chat, question, progress)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(N_AT_ONCE, len(questions))):
            group.create_task(work())


async def _ask_about(chat: Chat, question: Question, progress: Progress) -> None:
    """One portion: what is claimed, and of that what stands a second look. Trouble is noted in `progress`."""
    try:
        sections, nonce = await asyncio.to_thread(question.sections), new_nonce()
        for claim in await _claims(chat, question, sections, nonce, progress):
            if await _is_real(chat, question, sections, claim, nonce, progress):
                _add(progress, await asyncio.to_thread(_finding, question, claim, progress))
        progress.n_answered += 1
    except EngineError as error:
        progress.failure = progress.failure or str(error)


async def _claims(
    chat: Chat, question: Question, sections: Sequence[Section], nonce: str, progress: Progress
) -> list[Anchored]:
    portion = question.portion
    messages = finding_prompt(portion, question.language, sections, nonce)
    answer = await _answer(chat, messages, CLAIMS, progress)
    try:
        claims = read_claims(answer) if answer else []
    except AnswerUnusable:
        progress.n_unusable += 1
        return []
    found = [one for claim in claims if (one := anchored(claim, portion)) is not None]
    _log.info("%s: %d claims, %d at changed lines", portion.file.path, len(claims), len(found))
    room = MAX_CLAIMS_PER_FILE - progress.n_claims[portion.file.path]
    kept = sorted(_apart(found), key=lambda one: -one.claim.confidence)[: max(0, room)]
    progress.n_claims[portion.file.path] += len(kept)
    return kept


def _apart(claims: Sequence[Anchored]) -> list[Anchored]:
    """Claims of the same kind at the same lines once: the surest."""
    best: dict[tuple[str, int, int], Anchored] = {}
    for one in sorted(claims, key=lambda one: -one.claim.confidence):
        best.setdefault((one.claim.category, one.claim.start_line, one.claim.end_line), one)
    return list(best.values())


async def _is_real(
    chat: Chat, question: Question, sections: Sequence[Section], one: Anchored, nonce: str, progress: Progress
) -> bool:
    """Whether a second look, in a conversation of its own, proves the claim with code that was shown."""
    nonces = nonce, new_nonce()
    messages = judging_prompt(one.portion, question.language, sections, one.claim, nonces)
    answer = await _answer(chat, messages, VERDICT, progress)
    try:
        verdict = read_verdict(answer) if answer else None
    except AnswerUnusable:
        progress.n_unusable += 1
        return False
    if verdict is None:
        return False
    shown = [
        *("\n".join(line.text for line in stretch) for stretch in one.portion.stretches),
        *(passage.text for section in sections for passage in section.passages),
    ]
    is_proven = verdict.is_real and len(verdict.quote.strip()) >= MIN_PROOF and is_shown(verdict.quote, shown)
    progress.n_refuted += not is_proven
    return is_proven


async def _answer(chat: Chat, messages: Sequence[Message], form: Form, progress: Progress) -> str:
    """The answer; "" for one that did not end. Raises EngineError for other trouble."""
    try:
        return await formed_answer(chat, messages, form, Priority.REVIEW)
    except AnswerCutOff:
        progress.n_unusable += 1
        return ""


def _finding(question: Question, one: Anchored, progress: Progress) -> Finding:
    finding = finding_of(one, question.text, 0, with_replacement=question.may_replace)
    n_before = 0
    while any(other.id == finding.id for other in progress.found):
        n_before += 1
        finding = finding_of(one, question.text, n_before, with_replacement=question.may_replace)
    return finding


def _add(progress: Progress, finding: Finding) -> None:
    progress.found[:] = grouped([*progress.found, finding])


def new_nonce() -> str:
    """A word that no text can have been written to contain."""
    return secrets.token_hex(8)
