"""What ends an answer of llama.cpp's dialect besides the model: lines that are indented less, and the time."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace

from codeassist.server.service import Answering
from codeassist.server.watch import Watch
from codeassist.types import Delta

_LINE_HEAD = re.compile(r"\n\s*")


@dataclass(frozen=True, slots=True)
class Limits:
    """n_indent: see `Indentation`.

    t_max_predict_ms counts from the first text on, and time that the prompt took beyond t_max_prompt_ms counts as well;
    0 is no limit. As in llama.cpp, the answer only ends so once it has a whole line: half a line is of no use.
    """

    n_indent: int = 0
    t_max_prompt_ms: float = 0.0
    t_max_predict_ms: float = 0.0

    def is_late(self, watch: Watch) -> bool:
        """Whether the time is up."""
        if self.t_max_predict_ms <= 0 or watch.first_text is None:
            return False
        waited = watch.prompt_ms - self.t_max_prompt_ms if self.t_max_prompt_ms > 0 else 0.0
        return watch.predict_ms + max(waited, 0.0) > self.t_max_predict_ms


class Indentation:
    """Lets text through as long as each line after the first is indented by so many characters at least. Blank lines
    count with the line that follows them."""

    def __init__(self, least: int) -> None:
        self._least = least
        self._held = ""  # a line's end and blanks, of which it is not known yet what follows
        self.is_over = False

    def feed(self, text: str) -> str:
        """What of the text may pass now."""
        if self._least <= 0:
            return text
        text, self._held = self._held + text, ""
        for found in _LINE_HEAD.finditer(text):
            head = found.group()
            if found.end() == len(text):
                self._held = head
                return text[: found.start()]
            if len(head) - head.rfind("\n") - 1 < self._least:
                self.is_over = True
                return text[: found.start()]
        return text

    def rest(self) -> str:
        """What was held back, once nothing follows."""
        held, self._held = self._held, ""
        return held


async def within(answering: Answering, limits: Limits, watch: Watch) -> AsyncGenerator[Delta, None]:
    """The deltas until a limit is reached; the last one then ends with "length"."""
    indentation, has_line = Indentation(limits.n_indent), False
    async with aclosing(answering):
        async for delta in answering:
            watch.see(delta)
            has_line = has_line or "\n" in delta.text
            text = indentation.feed(delta.text)
            if indentation.is_over or (has_line and limits.is_late(watch)):
                watch.end()
                await answering.finish()
                yield replace(delta, text=text, finish_reason="length")
                return
            if delta.finish_reason:
                text += indentation.rest()
            yield replace(delta, text=text)
