"""How a hook asks the running `codeassist serve` for a review, through the socket of its user's own processes.

With the standard library alone: httpx takes longer to load than such a review takes.
"""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any

from codeassist.directories import runtime_directory
from codeassist.engine.discovery import running_server
from codeassist.review.asked import REVIEW_PATH, Answer, Asked, answer_from_json, asked_to_json

# A server on this machine accepts at once, or it hangs; what the answer itself takes is up to the hook's time limit.
_CONNECT_S = 2.0


class NoReview(Exception):
    """There is no review to be had here, and elsewhere there would be none either; one line for the user."""


class _OwnConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        """A connection to the Unix socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_CONNECT_S)
        self.sock.connect(self._path)
        self.sock.settimeout(None)


def answer_of_server(asked: Asked) -> Answer | None:
    """The server's review; None where none runs here that can give one. Raises NoReview. Waits without end: the caller
    has a time limit."""
    server = running_server(runtime_directory())
    if server is None or not server.socket:
        return None
    connection = _OwnConnection(server.socket)
    try:
        connection.request("POST", REVIEW_PATH, json.dumps(asked_to_json(asked)), {"content-type": "application/json"})
        response = connection.getresponse()
        return _read(response.status, response.read())
    except (OSError, http.client.HTTPException):
        return None  # it has just ended
    finally:
        connection.close()


def _read(status: int, body: bytes) -> Answer | None:
    """None for a refusal: of another repository, while the server comes to its end, by one that cannot review."""
    try:
        value: Any = json.loads(body)
        if status == http.client.OK:
            return answer_from_json(value)
        error = value["error"]
        if error["code"] in ("review_impossible", "too_many_reviews"):
            raise NoReview(str(error["message"]))
    except (ValueError, TypeError, KeyError):
        return None
    return None
