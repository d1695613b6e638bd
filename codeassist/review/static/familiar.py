"""Names that many things have which are no part of a repository. Pure."""

from __future__ import annotations

import argparse
import asyncio
import collections
import datetime
import io
import logging
import pathlib
import re
import socket
import threading
import unittest
import unittest.mock
from functools import cache

_OWNERS = (
    str, bytes, bytearray, list, tuple, dict, set, frozenset, int, float, complex, object, type, Exception,
    memoryview, range, slice, property,
    io.StringIO, io.BytesIO, io.TextIOWrapper, io.BufferedReader,
    pathlib.Path, re.Pattern, re.Match, re, logging.Logger, logging.Handler, threading.Thread, threading.Event,
    threading.Condition, socket.socket, datetime.datetime, datetime.timedelta, collections.deque,
    collections.OrderedDict, collections.Counter, collections.ChainMap, argparse.ArgumentParser, argparse.Namespace,
    asyncio.AbstractEventLoop, asyncio.StreamWriter, asyncio.StreamReader, asyncio.Task, asyncio.Queue,
    unittest.TestCase, unittest.mock.Mock,
)  # fmt: skip
# What methods are called in libraries of every kind.
_USUAL = frozenset({
    "add", "apply", "build", "call", "cancel", "check", "clean", "close", "commit", "configure", "connect", "create",
    "delete", "dispatch", "dump", "dumps", "emit", "enter", "execute", "exists", "exit", "export", "fetch", "filter",
    "fit", "forward", "handle", "hash", "init", "initialize", "load", "loads", "lock", "log", "main", "make", "map",
    "merge", "name", "next", "notify", "open", "parse", "patch", "post", "predict", "prepare", "process", "publish",
    "push", "query", "raw", "receive", "register", "render", "request", "reset", "resolve", "save", "setup", "show",
    "start", "stop", "submit", "subscribe", "transform", "trigger", "validate", "visit", "watch",
})  # fmt: skip
MIN_LETTERS = 4


def is_familiar(name: str) -> bool:
    """Whether a method of this name tells little: short, dunder, of the standard library's types, or usual."""
    return len(name) < MIN_LETTERS or name.startswith("__") or name in _USUAL or name in _members()


@cache
def _members() -> frozenset[str]:
    return frozenset(name for owner in _OWNERS for name in dir(owner))
