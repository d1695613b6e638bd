"""Has a share of the gaps asked of a second engine once they are answered (`codeassist/shadow/`)."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from codeassist.directories import shadow_file
from codeassist.documents import language_of
from codeassist.server.journal import Exchange, Journal, Record
from codeassist.server.service import Service
from codeassist.settings import Settings
from codeassist.shadow.asking import Plan, Second, Shadow
from codeassist.shadow.comparison import Answered, Comparison, Gap, Prices
from codeassist.shadow.second import SecondEngine, destination, is_local
from codeassist.shadow.store import ShadowLog
from codeassist.types import FimRequest

logger = logging.getLogger(__name__)


async def shadow(service: Service, second: Second | None = None) -> None:
    """Ask the second engine until cancelled; returns at once where the settings want none."""
    settings = service.assistant.settings
    if not settings.shadow.share:
        return
    log = ShadowLog(shadow_file())

    async def keep(comparison: Comparison) -> None:
        await asyncio.to_thread(log.write, comparison)

    second = second or SecondEngine(service.assistant)
    made = Shadow(second, plan_of(settings), keep, withheld=service.assistant.index.withheld)
    service.shadow = made
    follow(service.journal, made)
    try:
        await made.run()
    except Exception:
        logger.exception("no more gaps are compared")
        raise


def plan_of(settings: Settings) -> Plan:
    """What the settings ask for. The first engine costs something where it is a provider's."""
    chosen, server = settings.shadow, settings.server
    is_paid = settings.engine.kind == "remote"
    return Plan(
        share=chosen.share,
        gives_way=is_local(chosen),
        keeps_text=chosen.keep_text,
        first=Prices(server.price_input, server.price_output) if is_paid else Prices(),
        second=Prices(chosen.price_input, chosen.price_output),
    )


def follow(journal: Journal, made: Shadow) -> None:
    """Offer what was answered, and say when the first engine has work."""

    def offer(record: Record, exchange: Exchange) -> None:
        gap = gap_of(record, exchange)
        if gap is not None:
            made.offer(gap)

    def changed(_: Record) -> None:
        if journal.running:
            made.busy()
        else:
            made.idle()

    journal.on_answer(offer)
    journal.on_change(changed)


def gap_of(record: Record, exchange: Exchange) -> Gap | None:
    """A gap that can be compared: answered to its end, not by drawing among the likely answers, and read."""
    asked = exchange.asked
    if record.state != "done" or not isinstance(asked, FimRequest) or asked.temperature or asked.is_warm_up:
        return None
    path = (record.context.path if record.context else "") or asked.path
    begin = [record.ms.get(stage, 0.0) for stage in ("context", "queue", "first_token")]
    first_token_ms = sum(begin) if exchange.answer else None
    return Gap(
        asked=asked,
        first=Answered(record.model, exchange.answer, record.usage, record.ms["total"], first_token_ms),
        at=record.started,
        client=record.caller.key or record.caller.program,
        route=record.route,
        path=path,
        language=language_of(path) if path else "",
    )


def shadow_status(service: Service) -> dict[str, Any] | None:
    """For `/codeassist/v1/status`; None where no second engine is asked."""
    made = service.shadow
    if made is None:
        return None
    chosen = service.assistant.settings.shadow
    return {
        "state": "failed" if made.problem else "ready",
        "message": made.problem,
        "where": destination(chosen),
        "share": chosen.share,
        "compared": made.compared,
        "failed": made.failed,
        "dropped": made.dropped,
        "waiting": made.waiting,
    }
