"""How files that hold keys and passwords are told: by their names, and by what stands in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import translate
from pathlib import PurePosixPath

_SECRET_NAMES = (
    ".env", ".env.*", "*.env", "*.pem", "*.key", "*.p12", "*.pfx", "*.pkcs12", "*.jks", "*.keystore", "*.kdbx", "*.ppk",
    "*.asc", "*.gpg", "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", ".netrc", "_netrc", ".npmrc", ".pypirc",
    ".htpasswd", ".git-credentials", ".pgpass", ".my.cnf", ".dockercfg", ".s3cfg", "credentials", "credentials.json",
    "credentials.y*ml", "secret.json", "secret.y*ml", "*.tfstate",
    "*.tfstate.*", "*.tfvars", "kubeconfig", "service-account*.json", "service_account*.json", "client_secret*.json",
    "*.mobileprovision", "*.ovpn", "master.key", "vault_pass*", ".envrc", ".env[-_]*", "env.local", "*.tfvars.json",
    ".vault-token", ".dockerconfigjson", ".yarnrc.yml", "auth.json",
)  # fmt: skip
_SECRET_NAME = re.compile("|".join(map(translate, _SECRET_NAMES)))
# A module or a page called "secrets" is about them; what it assigns is told by its content.
_CODE_SUFFIXES = (
    ".adoc", ".c", ".cc", ".clj", ".cpp", ".cjs", ".cs", ".css", ".cts", ".dart", ".erl", ".ex", ".exs", ".fs", ".go",
    ".groovy", ".h", ".hpp", ".hs", ".html", ".java", ".jl", ".js", ".jsx", ".kt", ".kts", ".lua", ".md", ".mdx",
    ".mjs", ".mts", ".php", ".proto", ".py", ".pyi", ".rb", ".rs", ".rst", ".scala", ".sql", ".svelte", ".swift", ".tf",
    ".ts", ".tsx", ".vue", ".zig",
)  # fmt: skip
_EXAMPLE_ENDINGS = (".example", ".sample", ".template", ".dist", ".pub")
_SECRET_PATHS = ("/.aws/credentials", "/.docker/config.json", "/.kube/config", "/.ssh/")

# The head of a key alone is how code tells keys; the end of the line, or the next part of a literal, shows that one
# follows.
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
    r"(?:\s*$|\\[nr]|[\"'`]\s{0,99}[+.,&\\]?\s{0,99}[a-z]?[\"'`](?:\\n)?(?:[A-Za-z0-9+/]{16}|Proc-Type:))",
    re.MULTILINE,
)
_AWS_SECRET = (
    r"(?i:secret_?(?:access_?)?key)[\"']?\s*(?::=|=>|[:=])\s*[\"']?"
    r"([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])(?<!EXAMPLEKEY)"
)
# (whose, what a token starts with or stands next to, the token): looking for the mark costs a tenth of the expression.
_TOKENS = tuple(
    (kind, mark, re.compile(pattern))
    for kind, mark, pattern in (
        ("AWS access key", "AKIA", r"\bAKIA[0-9A-Z]{16}\b(?<!EXAMPLE)"),
        ("AWS access key", "ASIA", r"\bASIA[0-9A-Z]{16}\b(?<!EXAMPLE)"),
        *(("GitHub token", f"gh{kind}_", rf"\bgh{kind}_[A-Za-z0-9]{{36}}\b") for kind in "pousr"),
        ("GitHub token", "github_pat_", r"\bgithub_pat_\w{60,}"),
        ("GitLab token", "glpat-", r"\bglpat-[\w-]{20}\b"),
        ("Slack token", "xox", r"\bxox[abprs]-[\w-]{24,}"),
        (
            "Slack webhook",
            "hooks.slack.com/",
            r"hooks\.slack\.com/(?:services|workflows|triggers)/T(?!0+/)\w{8,}/(?:\w{8,}/)+(?!X+\b)\w{20,}",
        ),
        ("Stripe key", "k_live_", r"\b[rs]k_live_[0-9A-Za-z]{20,}"),
        ("Google API key", "AIza", r"\bAIza[0-9A-Za-z_-]{35}\b"),
        ("Anthropic key", "sk-ant-", r"\bsk-ant-[\w-]{40,}"),
        *(("OpenAI key", mark, rf"\b{mark}[\w-]{{40,}}") for mark in ("sk-proj-", "sk-svcacct-", "sk-admin-")),
        ("OpenAI key", "T3BlbkFJ", r"\bsk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}\b"),
        ("Hugging Face token", "hf_", r"\bhf_[A-Za-z0-9]{34}\b"),
        ("npm token", "npm_", r"\bnpm_[A-Za-z0-9]{36}\b"),
        ("PyPI token", "pypi-", r"\bpypi-AgEIcHlwaS5vcmc[\w-]{40,}"),
        *(
            ("AWS secret key", mark, _AWS_SECRET)
            for mark in ("aws_secret", "AWS_SECRET", "ecret_access_key", "ecretAccessKey")
        ),
    )
)

# scheme://user:password@host, with only what a URL may hold unescaped; no template ({}, $, %s, <>) matches.
_URL_PASSWORD = re.compile(r"://([\w.~+-]{0,64}):((?:[\w.~!*+,;=^#?&-]|%[0-9A-Fa-f]{2}){6,128})@([\w-]+(?:\.[\w-]+)*)")
# Hosts that documentation shows. Source: RFC 2606.
_EXAMPLE_HOST = re.compile(r"(?:^|\.)(?:host|hostname|server|example|test|invalid|(?:example|domain|foo|test)\.\w+)$")
# What examples make their passwords of.
_EXAMPLE_PASSWORD = re.compile(
    r"(?:access|admin|api|auth|aws|bar|baz|changeme|db|dummy|example|fake|foo|guest|here|id|key|my|name|oauth|pass|phrase"
    r"|placeholder|postgres|pw|pwd|passwd|qwerty|redacted|root|secret|some|super|test|the|tiger|token|top|user|word|your)+"
)
_NO_LETTERS = re.compile(r"[^a-z]")


def is_secret_name(path: str) -> bool:
    """Whether the name alone says that the file holds keys or passwords."""
    name = PurePosixPath(path).name.lower()
    if name.endswith(_EXAMPLE_ENDINGS):
        return False
    if any(part in f"/{path}" for part in _SECRET_PATHS):
        return True
    if name.startswith("secrets."):
        return PurePosixPath(name).suffix not in _CODE_SUFFIXES
    return _SECRET_NAME.match(name) is not None


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret stands: code points, the end not included. kind: what it opens, as a noun."""

    kind: str
    start: int
    end: int


def holds_secret(text: str) -> bool:
    """Whether a private key, a well-known kind of access token or a URL with a password stands in the text."""
    return next(secrets_in(text), None) is not None


def secrets_in(text: str) -> Iterator[Secret]:
    """Private keys, tokens of well-known kinds, and passwords in URLs. Some may be told twice."""
    if "PRIVATE KEY" in text:
        yield from (Secret("private key", *match.span()) for match in _PRIVATE_KEY.finditer(text))
    for kind, mark, pattern in _TOKENS:
        if mark in text:
            yield from (Secret(kind, *match.span(match.lastindex or 0)) for match in pattern.finditer(text))
    for match in _URL_PASSWORD.finditer(text):
        if _is_real_password(*match.groups()):
            yield Secret("password in a URL", *match.span(2))


def _is_real_password(user: str, password: str, host: str) -> bool:
    """Whether this part of a URL opens something, rather than showing where a password would stand."""
    word = _NO_LETTERS.sub("", password.lower())
    if _EXAMPLE_PASSWORD.fullmatch(word) or (word and word == _NO_LETTERS.sub("", user.lower())):
        return False
    if len(set(password)) < 4 or password.startswith("1234"):
        return False
    return not _EXAMPLE_HOST.search(host.lower())
