"""An entry of the tables, and what its sentence may be made of."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from codeassist.engine.vllm_arguments import HostOptions


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known besides the error. on_cpu: the installed vLLM is a CPU build. was_ready: the engine had answered or
    could have. log: all lines of the log, without their prefixes."""

    options: HostOptions
    on_cpu: bool
    was_ready: bool
    log: str


@dataclass(frozen=True, slots=True)
class Fault:
    """pattern: the words of the error, as a regular expression. tell: cause and remedy in one sentence."""

    pattern: re.Pattern[str]
    tell: Callable[[re.Match[str], Facts], str]


def fault(pattern: str, tell: Callable[[re.Match[str], Facts], str]) -> Fault:
    """One entry; `^` and `$` are the ends of a line."""
    return Fault(re.compile(pattern, re.MULTILINE), tell)


def always(sentence: str) -> Callable[[re.Match[str], Facts], str]:
    """The same sentence whatever the figures are."""
    return lambda _match, _facts: sentence
