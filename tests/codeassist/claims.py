"""What a chat model that reviews says, as the schema of its answers has it."""

from __future__ import annotations

import json
from typing import Any

# Of a line 7 that sums up all orders but the first.
CLAIM: dict[str, Any] = {
    "quote": "for order in orders[1:]:",
    "start_line": 7,
    "end_line": 7,
    "reason": "the first order is left out",
    "category": "bug",
    "severity": "error",
    "confidence": 0.9,
    "replacement": ["for order in orders:"],
}


def claiming(*claims: Any) -> str:
    """The answer that makes these claims."""
    return json.dumps({"findings": list(claims)})
