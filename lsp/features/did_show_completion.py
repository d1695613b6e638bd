"""`textDocument/didShowCompletion` and `textDocument/didPartiallyAcceptCompletion`, as Copilot's clients send them."""

from __future__ import annotations

import logging
from typing import Any

from lsp.json_parts import number_in, part
from lsp.language_server import CodeassistServer
from lsp.positions import column_of
from lsp.suggestions import Offer

logger = logging.getLogger(__name__)


def did_show_completion(server: CodeassistServer, params: Any) -> None:
    """The suggestion was on the screen."""
    if (offer := _offer(server, params)) is not None:
        server.outcomes.shown(offer)


def did_partially_accept_completion(server: CodeassistServer, params: Any) -> None:
    """So many UTF-16 units from the start of `insertText` were taken, whatever the encoding of positions."""
    n_units = number_in(params, "acceptedLength")
    if n_units is None or n_units < 0:
        logger.warning("didPartiallyAcceptCompletion without a length: acceptedLength must be a number of UTF-16 units")
    elif (offer := _offer(server, params)) is not None:
        server.outcomes.partly_accepted(offer, column_of(offer.text, int(n_units), "utf-16"))


def _offer(server: CodeassistServer, params: Any) -> Offer | None:
    offers = server.suggestions.find_in([part(params, "item")])
    if not offers:
        logger.info("an item that is not known, or no longer: nothing is counted")
    return offers[0] if offers else None
