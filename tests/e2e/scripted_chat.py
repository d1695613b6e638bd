"""A chat model that says what a test wants: an OpenAI-compatible server on a real socket, in a thread."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

NAME = "scripted-chat"
USAGE = {"prompt_tokens": 12, "completion_tokens": 7, "total_tokens": 19}


class ScriptedChat:
    """answers: by a text that the user's message contains; the newest message that has one of them counts.

    refused: fields of a body that are answered with 400. breaks_off: texts of messages whose answer ends in the middle.
    """

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.asked: list[dict[str, Any]] = []
        self.url = ""
        self.refused: tuple[str, ...] = ()
        self.breaks_off: tuple[str, ...] = ()

    def breaks(self, body: Mapping[str, Any]) -> bool:
        said = "".join(_text(message["content"]) for message in body["messages"])
        return any(text in said for text in self.breaks_off)

    def answer(self, body: Mapping[str, Any]) -> str:
        self.asked.append(dict(body))
        for message in reversed(body["messages"]):
            for key, answer in self.answers.items():
                if message["role"] == "user" and key in _text(message["content"]):
                    return answer
        return "I have nothing to say."


@contextmanager
def scripted_chat() -> Iterator[ScriptedChat]:
    """The model, listening at `url` for the length of the block."""
    chat = ScriptedChat()
    handler = type("Handler", (_Handler,), {"chat": chat})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        chat.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield chat
        server.shutdown()
        thread.join()


def _text(content: object) -> str:
    """Of a message, whose content is a text or a list of parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(part.get("text", "") for part in parts)


class _Handler(BaseHTTPRequestHandler):
    chat: ScriptedChat

    def log_message(self, format: str, *args: Any) -> None:
        """The test says what went wrong, not the server."""

    def do_GET(self) -> None:
        self._send({"object": "list", "data": [{"id": NAME, "object": "model", "max_model_len": 32768}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        text = self.chat.answer(body)
        if named := [name for name in self.chat.refused if name in body]:
            self._send({"error": {"message": f"{named[0]} is not supported"}}, 400)
        elif body.get("stream"):
            self._stream(text, breaks=self.chat.breaks(body))
        else:
            message = {"role": "assistant", "content": text}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            self._send(_completion("chat.completion", choices=[choice], usage=USAGE))

    def _send(self, answer: Mapping[str, Any], status: int = 200) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _stream(self, text: str, *, breaks: bool) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for piece in _pieces(text):
            choice = {"index": 0, "delta": {"role": "assistant", "content": piece}, "finish_reason": None}
            self._event(json.dumps(_completion("chat.completion.chunk", choices=[choice])))
            if breaks:
                return
        last = {"index": 0, "delta": {}, "finish_reason": "stop"}
        self._event(json.dumps(_completion("chat.completion.chunk", choices=[last])))
        self._event(json.dumps(_completion("chat.completion.chunk", choices=[], usage=USAGE)))
        self._event("[DONE]")

    def _event(self, content: str) -> None:
        self.wfile.write(f"data: {content}\n\n".encode())
        self.wfile.flush()


def _completion(kind: str, **rest: Any) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": kind, "created": 1, "model": NAME, **rest}


def _pieces(text: str) -> list[str]:
    return [text[start : start + 9] for start in range(0, len(text), 9)]
