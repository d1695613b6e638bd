"""What the URLs of a lock file open. Of all else in one nothing is looked at: hashes there look like secrets. Pure.

Tools write into it the URL of a private index or repository as they were given it, with the password in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from indexer.secret_rules import Secret, secrets_in

_LOCK_FILE = re.compile(
    r"(?:^|/)(?:[^/]+\.lock(?:file)?|[^/]*[.-]lock\.(?:json|ya?ml|hcl)|npm-shrinkwrap\.json"
    r"|(?:package|cartfile)\.resolved)$",
    re.IGNORECASE,
)
# What stands before `@` where that is a name alone, or a token with a word that says that it is one.
_LOGIN = re.compile(r"://([\w.~+-]{20,255})(?::(?:x-oauth-basic|x-access-token)?)?@[\w-]+\.[\w.-]+")
_LETTER, _DIGIT = re.compile(r"[A-Za-z]"), re.compile(r"\d")


def is_lock_file(path: str) -> bool:
    """Whether a tool has written down there which versions it chose, and where they come from."""
    return _LOCK_FILE.search(path) is not None


def secrets_of_urls(text: str) -> Iterator[Secret]:
    """Tokens and passwords that stand in URLs; a token may stand before a password that only says what it is."""
    for match in _LOGIN.finditer(text):
        if _LETTER.search(match[1]) and _DIGIT.search(match[1]):  # No person is called so.
            yield Secret("token in a URL", *match.span(1))
    yield from (secret for secret in secrets_in(text) if secret.kind == "password in a URL")
