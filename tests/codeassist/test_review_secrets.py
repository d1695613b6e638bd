"""Secrets on the lines of a change: what is one, what is none, and that none is ever shown.

The secrets here are made up as the tests run: none stands in this file, where a scanner would find it.
"""

from __future__ import annotations

import json
import random
import string
from concurrent.futures import Future
from dataclasses import asdict
from pathlib import Path

import pytest

from codeassist.findings.types import Finding
from codeassist.review.changes import ChangedFile
from codeassist.review.hygiene import kingfisher
from codeassist.review.hygiene.kingfisher import Scan, Scanned, load
from codeassist.review.hygiene.secrets import find_secrets, is_dummy, masked
from indexer.secret_rules import holds_secret, secrets_in

LETTERS = string.ascii_letters + string.digits


def random_text(n: int, alphabet: str = LETTERS, seed: int = 7) -> str:
    return "".join(random.Random(seed).choices(alphabet, k=n))


TOKENS = {
    "AWS access key": "AKIA" + random_text(16, string.ascii_uppercase + string.digits),
    "GitHub token": "ghp_" + random_text(36),
    "GitLab token": "glpat-" + random_text(20),
    "Slack token": "xoxb-" + random_text(30),
    "Stripe key": "sk_live_" + random_text(24),
    "Google API key": "AIza" + random_text(35),
    "Anthropic key": "sk-ant-" + random_text(60),
    "OpenAI key": "sk-proj-" + random_text(60),
    "Hugging Face token": "hf_" + random_text(34),
    "npm token": "npm_" + random_text(36),
    "PyPI token": "pypi-AgEIcHlwaS5vcmc" + random_text(60),
}
PASSWORD = random_text(14, seed=9)
KEY = "-----BEGIN RSA " + "PRIVATE KEY-----\n" + random_text(64) + "\n"


def found(path: str, text: str, before: str | None = None, scan: Scan | None = None) -> list[Finding]:
    status = "added" if before is None else "modified"
    return find_secrets(ChangedFile(path, status, old_text=before, new_text=text), scan)


@pytest.mark.parametrize("kind", TOKENS)
@pytest.mark.parametrize("line", ['token = "{}"', "TOKEN: {}", "x({}, 1)  # for now"])
def test_tokens_are_found_and_never_shown(kind: str, line: str) -> None:
    token = TOKENS[kind]
    (finding,) = found("shop/settings.py", f"import os\n{line.format(token)}\n")
    assert (finding.category, finding.severity, finding.start_line) == ("secret", "error", 2)
    assert f" {kind} stands in the code" in finding.message
    assert all(token[at : at + 5] not in json.dumps(asdict(finding)) for at in range(len(token) - 4))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f'URL = "postgres://shop:{PASSWORD}@db.shop.internal/x"\n', "password in a URL"),
        (KEY, "private key"),
        (f'aws_secret_access_key = "{random_text(40)}"\n', "AWS secret key"),
    ],
)
def test_other_secrets_are_found(text: str, kind: str) -> None:
    (finding,) = found("shop/settings.py", text)
    assert kind in finding.message
    assert PASSWORD[:4] not in finding.message


SLACK = "https://hooks.slack.com/services/T" + random_text(9, string.ascii_uppercase)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", f'token = "{TOKENS["GitHub token"]}"  # pragma: allowlist secret\n'),
        ("a.py", f'token = "{TOKENS["GitHub token"]}"  # gitleaks:allow\n'),
        ("a.py", 'token = "ghp_' + "x" * 36 + '"\n'),
        ("a.py", 'token = "ghp_' + "1234567890abcdef" * 2 + 'abcd"\n'),
        ("a.py", 'token = "AKIAIOSFODNN7' + 'EXAMPLE"\n'),
        ("a.py", 'token = "ghp_' + "ab1" * 12 + '"\n'),
        ("a.py", 'url = "postgres://user:password@localhost/x"\n'),
        ("a.py", 'url = "postgres://user:{password}@db/x"\n'),
        ("a.py", 'url = f"https://{user}:{token}@host/x"\n'),
        ("tests/test_a.py", f'url = "postgres://shop:{PASSWORD}@db/x"\n'),
        ("docs/a.md", f"postgres://shop:{PASSWORD}@db/x\n"),
        ("tests/data/key.pem", KEY),
        ("examples/server.key", KEY),
        ("poetry.lock", f'hash = "{TOKENS["GitHub token"]}"\n'),
        ("node_modules/a/a.js", f'x = "{TOKENS["GitHub token"]}"\n'),
        ("a.min.js", f'x = "{TOKENS["GitHub token"]}"\n'),
        ("a.json", '{"a": "' + "A" * 5000 + TOKENS["GitHub token"] + '"}\n'),
        ("a.py", 'id = "123e4567-e89b-12d3-a456-426614174000"\n'),
        ("a.py", f'commit = "{random_text(40, "0123456789abcdef")}"\n'),
        ("a.py", f'data = "{random_text(80)}"\n'),
        ("a.py", 'password = getpass("Password: ")\n'),
        ("a.py", ""),
    ],
)
def test_what_opens_nothing_is_not_told(path: str, text: str) -> None:
    assert found(path, text) == []


LOGIN = f"https://ci:{PASSWORD}@packages.acme.internal"


@pytest.mark.parametrize(
    ("path", "text", "kind"),
    [
        ("poetry.lock", f'[package.source]\ntype = "legacy"\nurl = "{LOGIN}/simple"\n', "password in a URL"),
        ("uv.lock", f'source = {{ registry = "{LOGIN}/simple" }}\n', "password in a URL"),
        ("pdm.lock", f'files = [\n    {{url = "{LOGIN}/a-1.0-py3-none-any.whl"}},\n]\n', "password in a URL"),
        ("package-lock.json", f'{{\n  "resolved": "{LOGIN}/a/-/a-1.0.0.tgz",\n}}\n', "password in a URL"),
        ("web/yarn.lock", f'a@^1.0.0:\n  version "1.0.0"\n  resolved "{LOGIN}/a/-/a-1.0.0.tgz"\n', "password in a URL"),
        ("pnpm-lock.yaml", f"    resolution: {{tarball: {LOGIN}/a-1.0.0.tgz}}\n", "password in a URL"),
        ("Gemfile.lock", f"GEM\n  remote: {LOGIN}/\n", "password in a URL"),
        ("Pipfile.lock", f'        "url": "{LOGIN}/simple",\n', "password in a URL"),
        ("uv.lock", f'source = {{ git = "https://{TOKENS["GitHub token"]}@github.com/acme/a" }}\n', "token in a URL"),
        ("yarn.lock", f'  resolved "https://{random_text(40)}:@npm.acme.internal/a.tgz"\n', "token in a URL"),
        (
            "yarn.lock",
            f'  resolved "git+https://{random_text(40)}:x-oauth-basic@github.com/acme/a.git#1"\n',
            "token in a URL",
        ),
    ],
)
def test_of_a_lock_file_what_its_urls_open_is_told(path: str, text: str, kind: str) -> None:
    (finding,) = found(path, f"{text}{text}")
    assert (finding.category, finding.severity) == ("secret", "error")
    assert f" {kind} stands in the lock file" in finding.message
    assert finding.start_line == 1 + next(
        at for at, line in enumerate(text.split("\n")) if "@" in line and "://" in line
    )
    assert PASSWORD[:5] not in json.dumps(asdict(finding))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("uv.lock", 'source = { git = "ssh://git@github.com/acme/a?rev=1" }\n'),
        ("uv.lock", 'source = { registry = "https://ci:****@packages.acme.internal/simple" }\n'),
        ("uv.lock", 'source = { registry = "https://deploy-of-the-acme-company@packages.acme.internal/simple" }\n'),
        ("pdm.lock", 'url = "https://${USER}:${PASSWORD}@packages.acme.internal/simple"\n'),
        ("yarn.lock", '  resolved "https://registry.yarnpkg.com/@babel/core/-/core-7.0.0.tgz#' + "0a1b" * 10 + '"\n'),
        ("yarn.lock", f"  integrity sha512-{random_text(86)}==\n"),
        ("yarn.lock", f'  resolution: "a@https://github.com/acme/a.git#commit={"0a1b" * 10}"\n'),
        ("package-lock.json", f'  "resolved": "https://github.com/a/b/archive/{random_text(30)}.tgz@1"\n'),
        ("Cargo.lock", 'source = "registry+https://github.com/rust-lang/crates.io-index"\n'),
        ("go.sum", f"example.com/a v1.0.0 h1:{random_text(43)}=\n"),
        ("tests/fixtures/poetry.lock", f'url = "{LOGIN}/simple"\n'),
        ("docs/uv.lock", f'url = "{LOGIN}/simple"\n'),
        ("poetry.lock", 'url = "https://user:password@packages.acme.internal/simple"\n'),
    ],
)
def test_what_else_stands_in_a_lock_file_is_no_secret(path: str, text: str) -> None:
    assert found(path, text, scan=scans((1, 1, "acme key", text.strip(), True))) == []


def test_a_password_that_a_lock_file_had_before_is_not_told_again() -> None:
    text = f'url = "{LOGIN}/simple"\n'
    assert found("poetry.lock", f"{text}{text}", before=text) == []


def test_a_token_in_a_test_is_told_more_softly() -> None:
    (finding,) = found("tests/test_a.py", f'token = "{TOKENS["GitHub token"]}"\n')
    assert finding.severity == "warning"


def test_a_secret_that_was_there_before_is_not_told_again() -> None:
    before = f'token = "{TOKENS["GitHub token"]}"\nother = 1\n'
    assert found("a.py", f'if x:\n    token = "{TOKENS["GitHub token"]}"\n', before) == []
    assert found("a.py", before + "more = 1\n", before) == []


def test_lines_are_those_of_the_new_file() -> None:
    before = "a = 1\nb = 2\nc = 3\n"
    after = f"a = 1\nx = 0\ny = 0\nb = 2\nc = '{TOKENS['npm token']}'\n"
    assert [finding.start_line for finding in found("a.py", after, before)] == [5]


def test_ids_say_nothing_of_the_secret_and_tell_two_apart() -> None:
    one, other = (TOKENS["GitHub token"], "ghp_" + random_text(36, seed=8))
    first = found("a.py", f"a = '{one}'\n")[0]
    assert first.id == found("a.py", f"a = '{other}'\n")[0].id
    both = found("a.py", f"a = '{one}'\na = '{other}'\n")
    assert len({finding.id for finding in both}) == 2


def scans(*found_there: Scanned) -> Scan:
    return lambda path, text: list(found_there)


def test_a_scanner_adds_what_our_rules_do_not_know() -> None:
    token = random_text(40)
    (finding,) = found("a.py", f"a = 1\nkey = '{token}'\n", scan=scans((2, 2, "acme api key", token, True)))
    assert "an acme api key stands in the code" in finding.message
    assert token[4:9] not in json.dumps(asdict(finding))


@pytest.mark.parametrize(
    "value", ["your-token-here", "${TOKEN}", random_text(32, "0123456789abcdef"), "aaaaaaaaaaaaaaaaaaaaaa"]
)
def test_what_a_scanner_takes_for_a_secret_may_be_none(value: str) -> None:
    assert found("a.py", f"key = '{value}'\n", scan=scans((1, 1, "acme key", value, False))) == []


def test_the_same_line_is_told_once_however_many_rules_know_it() -> None:
    token = TOKENS["GitHub token"]
    assert len(found("a.py", f"a = '{token}'\n", scan=scans((1, 1, "github pat", token, True)))) == 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [("x" * 30, True), ("changeme", True), ("<token>", True), ("%(token)s", True), (random_text(30), False)],
)
def test_dummies_are_told_by_what_people_type(value: str, expected: bool) -> None:
    assert is_dummy(value) is expected


def test_of_a_short_secret_nothing_is_shown() -> None:
    assert masked("hunter22") == "…"
    assert masked("ghp_" + "a" * 36) == "ghp_…"


def test_privacy_and_review_know_the_same_secrets() -> None:
    for kind, token in TOKENS.items():
        assert holds_secret(f"x = '{token}'")
        assert [secret.kind for secret in secrets_in(f"x = '{token}'")] == [kind]
    assert not holds_secret("x = 1")


@pytest.mark.parametrize("text", ["\ud800 = 1\n", "a" * 1_000_000 + "\n", "\x00\x01\n", "é" * 5000])
def test_odd_texts_are_looked_at(text: str) -> None:
    assert found("a.py", text) == []


def test_kingfisher_finds_with_hundreds_of_rules(tmp_path: Path) -> None:
    pytest.importorskip("kingfisher_sdk", reason="the extra `review` is not installed")
    scan = load(tmp_path).result(timeout=120)
    assert scan is not None
    assert load(tmp_path).result(timeout=0) is scan
    token = "dop_v1_" + random_text(64, "0123456789abcdef")
    (finding,) = found("shop/deploy.py", f"import os\n\nclient = Client('{token}')\n", scan=scan)
    assert (finding.start_line, "dop_…" in finding.message) == (3, True)
    assert scan("a.py", "x = 1\n\ud800") == []


def test_without_kingfisher_there_is_no_scanner(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(__import__("sys").modules, "kingfisher_sdk", None)
    future: Future[Scan | None] = Future()
    kingfisher._fill(tmp_path, future)
    assert future.result() is None
