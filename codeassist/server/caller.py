"""Who asks: what a request says of the program behind it."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from codeassist.server.problems import Problem

# `on` (also when it is missing) or `off`: whether code of the repository may be added to a prompt.
CONTEXT_HEADER = "codeassist-context"
# What a client may call itself, where many share a key or an address.
CLIENT_HEADER = "codeassist-client"
# Where the guard leaves the name of the key that a request came with.
KEY_STATE = "key_name"

_MOST_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Caller:
    """key: name of the API key, "" without one. program: what the client calls itself, from its headers.
    address: of its machine."""

    key: str = ""
    program: str = ""
    address: str = ""
    wants_context: bool = True

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
    )


def _wants_context(value: str) -> bool:
    if value.lower() not in ("on", "off"):
        raise Problem(400, f"the header {CONTEXT_HEADER} must be `on` or `off`, not {value!r}", code="bad_header")
    return value.lower() == "on"
