"""The bodies of Ollama's `/api/generate` and `/api/embed`, as docs/api.md of Ollama describes them.

`temperature` is 0 where none is given and a model that fills gaps is asked, for code wants the likeliest answer. The
model stays loaded, and what it is loaded with is decided where the server is started: `keep_alive` and its kin are
passed over (`IGNORED`, `ollama_options.py`), as is `system` where no model chats. What would change what the answer
means is refused (`NEUTRAL`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from codeassist.engine.fields import flag, mapping, positive
from codeassist.server.body import Body
from codeassist.server.completion_fields import characters
from codeassist.server.embedder import texts_to_embed
from codeassist.server.ollama_chat_request import ChatAsked, chat_asked
from codeassist.server.ollama_messages import response_format
from codeassist.server.ollama_options import read_options
from codeassist.server.problems import Problem
from codeassist.server.wanted import Wanted
from codeassist.unwrapping import Unwrapped

# Documented as without effect.
IGNORED = ("keep_alive", "shift", "template", "truncate")
# Refused unless they ask for nothing: by name, the values that do.
NEUTRAL: Mapping[str, tuple[object, ...]] = {
    "context": ([],),
    "images": ([],),
    "logprobs": (False,),
    "think": (False,),
    "top_logprobs": (0,),
}


@dataclass(frozen=True, slots=True)
class GenerateRequest:
    """What is asked for. wanted: None to have the model loaded, which it is. num_predict: tokens, 0 to compute the
    prompt alone, None for what the model advises.

    model: as the client calls it. chat: the same for a model that chats; None where only a model that fills gaps will
    do. must_chat: whether none but a model that chats can do what is asked.
    """

    wanted: Wanted | None
    num_predict: int | None = None
    stream: bool = True
    model: str = ""
    chat: ChatAsked | None = None
    must_chat: bool = False

    @property
    def to_ask(self) -> Wanted | None:
        """What to ask the model for."""
        return self.wanted and replace(self.wanted, max_tokens=self.num_predict)


def read_generate(fields: Mapping[str, Any]) -> GenerateRequest:
    """A gap where there is a `suffix` that is not empty, else a prompt, to which a model that chats may answer unless
    it is `raw`. Raises Problem."""
    body = Body(fields)
    prompt = body.take("prompt", characters, "")
    suffix = body.take("suffix", characters, "")
    sampling = read_options(body.take("options", mapping, {}))
    stream = body.take("stream", flag, True)
    is_raw, model = body.take("raw", flag, False), body.take("model", characters, "")
    system, wanted_format = body.take("system", characters, ""), body.take("format", response_format, None)
    body.ignore(IGNORED)
    body.require_neutral(NEUTRAL)
    body.finish()
    if wanted_format and (suffix or is_raw):
        message = "`format` is kept to by a model that chats; leave it out, or `suffix` and `raw`"
        raise Problem(400, message, param="format", code="unsupported_field")
    if not prompt and not suffix:
        return GenerateRequest(None, stream=stream, model=model)
    wanted = Wanted(
        Unwrapped(prompt, suffix) if suffix else prompt,
        temperature=sampling.temperature or 0.0,
        top_p=sampling.top_p or 1.0,
        seed=sampling.seed,
        stop=sampling.stop,
    )
    said = [{"role": "system", "content": system}] if system else []
    said.append({"role": "user", "content": prompt})
    chat = chat_asked(said, sampling, stream=stream, wanted_format=wanted_format)
    can_chat = not suffix and not is_raw
    return GenerateRequest(
        wanted, sampling.num_predict, stream, model, chat if can_chat else None, must_chat=wanted_format is not None
    )


def read_embed(fields: Mapping[str, Any]) -> tuple[tuple[str, ...], int | None]:
    """Texts, () where there is nothing to embed, and the number of dimensions if one is wanted. Raises Problem."""
    body = Body(fields)
    texts = body.require("input", _input)
    dimensions = body.take("dimensions", positive, None)
    body.ignore(("keep_alive", "model", "options", "truncate"))
    body.finish()
    return texts, dimensions


def read_embeddings(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """The text, () for an empty one. Raises Problem."""
    body = Body(fields)
    prompt = body.take("prompt", characters, "")
    body.ignore(("keep_alive", "model", "options"))
    body.finish()
    return (prompt,) if prompt else ()


def _input(value: object) -> tuple[str, ...]:
    return () if value in ("", []) else texts_to_embed(value)
