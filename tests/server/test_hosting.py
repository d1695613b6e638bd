"""How a server is open to others: keys, TLS, and what is refused before it listens."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from codeassist.assistant import Assistant
from codeassist.engine.choose import open_remote
from codeassist.errors import ConfigError, EngineUnavailable
from codeassist.server.caller import KEY_STATE
from codeassist.server.guard import Access
from codeassist.server.hosting import Hosting, hosting_of, url_of
from codeassist.server.keys import KeyRing, add_key, remove_key
from codeassist.server.listening import listen
from codeassist.server.tls import server_context
from codeassist.settings import EngineSettings, ServerSettings
from tests.server.raw import hosted

MADE = "2026-01-02T03:04:05+00:00"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two self-signed certificates for localhost with their keys: a.pem, a.key, b.pem, b.key; encrypted.key of a."""
    folder = tmp_path_factory.mktemp("tls")
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    for name in ("a", "b"):
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        files = ["-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem"]
        subprocess.run(["openssl", "req", "-x509", *curve, *files, *subject], check=True, capture_output=True)
    encrypt = ["openssl", "pkey", "-in", f"{folder}/a.key", "-aes256", "-passout", "pass:x"]
    subprocess.run([*encrypt, "-out", f"{folder}/encrypted.key"], check=True, capture_output=True)
    return folder


def test_loopback_asks_for_no_key_unless_it_is_set(keys: Path) -> None:
    assert hosting_of(ServerSettings(), keys).is_plain
    add_key(keys, "a", MADE)
    assert hosting_of(ServerSettings(), keys).is_plain
    assert hosting_of(ServerSettings(require_key=True), keys).access.requires_key


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.7", "::", "assist.example.org"])
def test_beyond_loopback_there_must_be_a_key(keys: Path, host: str, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ConfigError, match=r"other machines may reach.*codeassist keys add NAME.*127\.0\.0\.1"):
        hosting_of(ServerSettings(host=host), keys)
    add_key(keys, "a", MADE)
    hosting = hosting_of(ServerSettings(host=host), keys)
    assert hosting.access.requires_key
    assert not hosting.is_plain
    assert "without TLS" in caplog.text


def test_to_require_a_key_there_must_be_one(keys: Path) -> None:
    with pytest.raises(ConfigError, match=r"require_key is set.*codeassist keys add NAME"):
        hosting_of(ServerSettings(require_key=True), keys)


def test_the_settings_reach_the_guard(keys: Path) -> None:
    settings = ServerSettings(allowed_hosts=("Assist.Example.org.",), max_body_mib=2, drain_s=1.5)
    hosting = hosting_of(settings, keys)
    assert hosting.access.hosts == {"assist.example.org", "127.0.0.1"}
    assert (hosting.access.limits.body_bytes, hosting.drain_s, hosting.access.any_address) == (2 << 20, 1.5, False)


def test_a_server_on_all_addresses_is_shown_where_it_can_be_reached_from_here() -> None:
    with listen("0.0.0.0", 0) as listener:
        assert url_of(listener, tls=True) == f"https://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize(
    ("certificate", "key", "told"),
    [
        ("a.pem", "b.key", "do not belong together"),
        ("a.pem", "", r"cannot be used for TLS.*both must be PEM"),
        ("a.key", "a.key", "both must be PEM"),
        ("a.pem", "a.pem", "both must be PEM"),
        ("a.pem", "encrypted.key", "openssl pkey"),
        ("gone.pem", "a.key", "gone.pem cannot be read for TLS: No such file"),
        ("a.pem", "gone.key", "gone.key cannot be read for TLS: No such file"),
        ("", "a.key", "no server.tls_certificate goes with it"),
        ("a.pem", ".", "Is a directory"),
    ],
)
def test_files_that_make_no_tls_are_told_apart(certificates: Path, certificate: str, key: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        server_context(certificate and str(certificates / certificate), key and str(certificates / key))


def test_one_file_may_hold_both(certificates: Path, tmp_path: Path) -> None:
    both = tmp_path / "both.pem"
    both.write_text((certificates / "a.pem").read_text() + (certificates / "a.key").read_text())
    context = server_context(str(both), "")
    assert context is not None
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert server_context("", "") is None


async def test_https_is_served_and_http_is_not(
    make_assistant: Callable[..., Assistant], certificates: Path, tmp_path: Path
) -> None:
    tls = server_context(str(certificates / "a.pem"), str(certificates / "a.key"))
    trusting = ssl.create_default_context(cafile=str(certificates / "a.pem"))
    async with hosted(make_assistant(), Hosting(tls=tls)) as h, httpx.AsyncClient(verify=trusting) as client:
        answer = await client.post(f"https://localhost:{h.port}/v1/completions", json={"prompt": "x"})
        own = {"origin": f"https://localhost:{h.port}"}
        assert (await client.get(f"https://localhost:{h.port}/health", headers=own)).status_code == 200
        with pytest.raises(httpx.TransportError):
            await client.get(f"http://localhost:{h.port}/health")
    assert answer.status_code == 200


async def test_an_editor_trusts_a_certificate_that_its_machine_trusts(
    make_assistant: Callable[..., Assistant], certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = server_context(str(certificates / "a.pem"), str(certificates / "a.key"))
    async with hosted(make_assistant(), Hosting(tls=tls)) as h:
        settings = EngineSettings(kind="remote", url=f"https://localhost:{h.port}/v1")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "b.pem"))
        stranger = open_remote(settings)
        with pytest.raises(EngineUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
            await stranger.start()
        monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "a.pem"))
        engine = open_remote(settings)
        await engine.start()
        assert engine.status.state == "ready"
        await stranger.close()
        await engine.close()


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


async def test_where_a_key_is_required_nothing_is_answered_without(
    make_assistant: Callable[..., Assistant], keys: Path
) -> None:
    key = add_key(keys, "laptop", MADE)
    access = Access(keys=KeyRing(keys), requires_key=True)
    async with hosted(make_assistant(), Hosting(access)) as h, httpx.AsyncClient(base_url=h.url) as client:
        for path in ("/health", "/v1/models", "/nowhere", "/codeassist/v1/engine", "/uix"):
            refused = await client.get(path)
            assert (refused.status_code, refused.json()["error"]["code"]) == (401, "invalid_api_key")
            assert refused.headers["www-authenticate"].startswith("Bearer")
        assert "codeassist keys add" in refused.json()["error"]["message"]
        assert (await client.get("/health", headers=bearer("ca-wrong"))).status_code == 401
        for header in (bearer(key), {"x-api-key": key}, {"api-key": key}):
            assert (await client.get("/health", headers=header)).status_code == 200
        assert (await client.get("/ui")).status_code == 200  # a page without data, for browsers that cannot send a key
        remove_key(keys, "laptop")
        assert (await client.post("/v1/completions", json={"prompt": "x"}, headers=bearer(key))).status_code == 401
        assert h.engine.requests == []


async def test_a_known_key_names_its_holder_where_none_is_required_and_any_other_is_taken(
    make_assistant: Callable[..., Assistant], keys: Path
) -> None:
    key = add_key(keys, "laptop", MADE)
    access = Access(keys=KeyRing(keys))
    async with hosted(make_assistant(), Hosting(access)) as h, httpx.AsyncClient(base_url=h.url) as client:
        for sent in (key, "sk-whatever"):
            answer = await client.post("/v1/completions", json={"prompt": "x"}, headers=bearer(sent))
            assert answer.status_code == 200
        assert [record.caller.key for record in h.service.journal.ended] == ["laptop", ""]
    assert KEY_STATE == "key_name"


async def test_keys_that_can_not_be_read_open_to_nobody(make_assistant: Callable[..., Assistant], keys: Path) -> None:
    key = add_key(keys, "laptop", MADE)
    await asyncio.to_thread(keys.chmod, 0o666)
    access = Access(keys=KeyRing(keys), requires_key=True)
    async with hosted(make_assistant(), Hosting(access)) as h, httpx.AsyncClient(base_url=h.url) as client:
        refused = await client.get("/health", headers=bearer(key))
        assert refused.status_code == 401
        assert "see its log" in refused.json()["error"]["message"]
