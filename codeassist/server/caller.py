"""Who asks: what a request says of the program behind it."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from codeassist.engine.remote_chat import PRIORITY_HEADER
from codeassist.server.problems import Problem
from codeassist.types import Priority

# `on` (also when it is missing) or `off`: whether code of the repository may be added to a prompt.
CONTEXT_HEADER = "codeassist-context"
# What a client may call itself, where many share a key or an address.
CLIENT_HEADER = "codeassist-client"
# Where the guard leaves the name of the key that a request came with.
KEY_STATE = "key_name"

_MOST_CHARACTERS = 80
_PRIORITIES = {"chat": Priority.CHAT, "review": Priority.REVIEW}


@dataclass(frozen=True, slots=True)
class Caller:
    """key: name of the API key, "" without one. program: what the client calls itself, from its headers.
    address: of its machine. priority: how urgent a chat of its is, among chats."""

    key: str = ""
    program: str = ""
    address: str = ""
    wants_context: bool = True
    priority: Priority = Priority.CHAT

    @property
    def name(self) -> str:
        """The one who gets a turn among others on the engine: a key's holder, or a program on a machine."""
        return self.key or f"{self.program}@{self.address}"


def caller_of(request: Request) -> Caller:
    """Who asks. Raises Problem for a header that says something else than it may."""
    program = request.headers.get(CLIENT_HEADER) or request.headers.get("user-agent", "").split(" ")[0]
    return Caller(
        key=getattr(request.state, KEY_STATE, ""),
        program="".join(character for character in program if character.isprintable())[:_MOST_CHARACTERS],
        address=request.client.host if request.client else "",
        wants_context=_wants_context(request.headers.get(CONTEXT_HEADER, "on")),
        priority=_priority(request.headers.get(PRIORITY_HEADER, "chat")),
    )


def _wants_context(value: str) -> bool:
    if value.lower() not in ("on", "off"):
        raise Problem(400, f"the header {CONTEXT_HEADER} must be `on` or `off`, not {value!r}", code="bad_header")
    return value.lower() == "on"


def _priority(value: str) -> Priority:
    if value.lower() not in _PRIORITIES:
        raise Problem(400, f"the header {PRIORITY_HEADER} must be `chat` or `review`, not {value!r}", code="bad_header")
    return _PRIORITIES[value.lower()]
