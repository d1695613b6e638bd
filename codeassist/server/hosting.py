"""From the settings to how a server is open to others, or the reason why it must not be."""

from __future__ import annotations

import logging
import socket
import ssl
from dataclasses import dataclass, field, replace
from pathlib import Path

from codeassist.errors import ConfigError
from codeassist.server.guard import Access, is_loopback_name
from codeassist.server.keys import KeyRing, read_keys
from codeassist.server.limits import MIB, Limits
from codeassist.server.tls import server_context
from codeassist.settings import ServerSettings

logger = logging.getLogger(__name__)

_ALL_ADDRESSES = ("0.0.0.0", "::")


@dataclass(frozen=True, slots=True)
class Hosting:
    """tls: None for plain HTTP. drain_s: how long running answers may take once the server was told to end."""

    access: Access = field(default_factory=Access)
    tls: ssl.SSLContext | None = None
    drain_s: float = 10.0

    @property
    def is_plain(self) -> bool:
        """Whether any program on this machine may ask at the server's address, without key and TLS."""
        return self.tls is None and not self.access.requires_key


def hosting_of(settings: ServerSettings, keys: Path) -> Hosting:
    """How the settings want it. keys: the file of API keys. Reads files. Raises ConfigError with the remedy."""
    is_open = not is_loopback_name(settings.host)
    requires_key = settings.require_key or is_open
    if requires_key and not read_keys(keys):
        raise ConfigError(_no_keys(settings, is_open=is_open))
    tls = server_context(settings.tls_certificate, settings.tls_key)
    if is_open and tls is None:
        logger.warning(
            "other machines reach this server without TLS: keys and code travel readable by everybody on the way; "
            "--tls-certificate and --tls-key encrypt them"
        )
    access = Access(
        hosts=frozenset(name.lower().rstrip(".") for name in (*settings.allowed_hosts, settings.host)),
        any_address=settings.host in _ALL_ADDRESSES,
        keys=KeyRing(keys),
        requires_key=requires_key,
        limits=replace(Limits(), body_bytes=settings.max_body_mib * MIB),
    )
    return Hosting(access, tls, settings.drain_s)


def url_of(listener: socket.socket, *, tls: bool) -> str:
    """Where programs on this machine reach it."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"


def _no_keys(settings: ServerSettings, *, is_open: bool) -> str:
    why = (
        f"server.host is {settings.host!r}, which other machines may reach" if is_open else "server.require_key is set"
    )
    otherwise = "listen on 127.0.0.1" if is_open else "set server.require_key to false"
    return f"{why}, and there is no API key: make one with `codeassist keys add NAME`, or {otherwise}"
