"""HTTPS: from two files to what a listening socket needs, with an error that says which of them is wrong and how."""

from __future__ import annotations

import ssl
from pathlib import Path

from codeassist.errors import ConfigError


def server_context(certificate: str, key: str) -> ssl.SSLContext | None:
    """TLS 1.2 and newer with this certificate chain; None where none is named. Reads files.

    key: empty where the certificate's file holds it, too. Raises ConfigError.
    """
    if not certificate:
        if key:
            raise ConfigError(f"server.tls_key is {key}, and no server.tls_certificate goes with it; name both")
        return None
    for path in filter(None, (certificate, key)):
        _require_readable(path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key or None, password=_no_password)
    except ssl.SSLError as error:
        raise ConfigError(_told(error, certificate, key or certificate)) from error
    return context


def _require_readable(path: str) -> None:
    try:
        with Path(path).open("rb"):
            pass
    except OSError as error:
        raise ConfigError(f"{path} cannot be read for TLS: {error.strerror}") from error


class _Encrypted(ConfigError):
    """The private key asks for a password, which nobody is there to type."""


def _no_password() -> str:
    raise _Encrypted(
        "the private key of server.tls_key is encrypted; decrypt it with `openssl pkey -in KEY -out PLAIN`"
    )


def _told(error: ssl.SSLError, certificate: str, key: str) -> str:
    files = f"{certificate} (certificate) and {key} (private key)"
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"{files} do not belong together; name the key that the certificate was made for"
    reason = f" ({error.reason.replace('_', ' ').lower()})" if error.reason else ""
    return f"{files} cannot be used for TLS{reason}; both must be PEM files, one with a certificate, one with a key"
