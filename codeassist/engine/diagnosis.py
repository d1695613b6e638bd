"""Why an engine died, in one sentence with the remedy, from the last lines of its log (pure).

vLLM's processes each tell of an error in their own words, the cause first and "Engine core initialization failed" last.
The tables in `faults/` know the words that have a remedy; of any other error the first one in the log is told as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain

from codeassist.engine.faults import machine, memory, model
from codeassist.engine.faults.types import Facts
from codeassist.engine.vllm_arguments import HostOptions

_LONGEST = 600
_LONGEST_LAST_WORDS = 400
_ERROR = re.compile(r"\b\w*(Error|Exception): .+")
# `(EngineCore pid=13661) ERROR 11-28 10:20:51 [core.py:1510] `, as vLLM's processes and its log put before each line.
_PROCESS = re.compile(r"^\([^()]* ?pid=\d+\) ?")
_LEVEL = re.compile(r"^(DEBUG|INFO|WARNING|ERROR|CRITICAL) \d\d-\d\d \d\d:\d\d:\d\d \[[^\]]*\] ?")
# What is left to say where the process that computes wrote nothing, and the one that asks it noticed its end.
_SILENT = (
    "the process that computes ended without a word: the system kills it where memory runs out (`dmesg` tells); close "
    "other programs, raise the limit of the container, or lower engine.kv_cache_gib or engine.context_tokens"
)
_HARMLESS = ("DEBUG", "INFO", "WARNING")


def diagnose(log: Sequence[str], options: HostOptions, *, on_cpu: bool, was_ready: bool) -> str:
    """Cause and remedy; for an error that we do not know what it says itself.

    log: oldest line first. on_cpu: the installed vLLM is a CPU build. was_ready: it could answer before it died.
    """
    told = [_read(line) for line in log]
    facts = Facts(options, on_cpu, was_ready, "\n".join(text for _, text in told))
    errors = "\n".join(text for level, text in told if level not in _HARMLESS)
    for known in chain(memory.FAULTS, model.FAULTS, machine.FAULTS):
        if found := known.pattern.search(errors):
            return known.tell(found, facts)[:_LONGEST]
    for known in machine.WARNINGS:
        if found := known.pattern.search(facts.log):
            return known.tell(found, facts)[:_LONGEST]
    # Warnings tell of what is done without; of a log that holds nothing else the end is the likelier cause.
    words = last_words([line for line in log if _read(line)[0] not in _HARMLESS] or log)
    return _SILENT if words.startswith("EngineDeadError") else words


def last_words(log: Sequence[str]) -> str:
    """What a log most likely tells as the cause: its first error, else its last line with words in it."""
    errors = [found.group() for line in log if (found := _ERROR.search(line))]
    last = next((line for line in reversed(log) if line.strip()), "it left no word")
    return (errors[0] if errors else last).strip()[:_LONGEST_LAST_WORDS]


def _read(line: str) -> tuple[str, str]:
    """The level of a line of the log, "" where it says none, and what it says."""
    text = _PROCESS.sub("", line)
    level = _LEVEL.match(text)
    return (level.group(1), text[level.end() :]) if level else ("", text)
