"""How files that hold keys and passwords are told: by their names, and by what stands in them."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

_SECRET_NAMES = (
    ".env", ".env.*", "*.env", "*.pem", "*.key", "*.p12", "*.pfx", "*.pkcs12", "*.jks", "*.keystore", "*.kdbx", "*.ppk",
    "*.asc", "*.gpg", "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", ".netrc", "_netrc", ".npmrc", ".pypirc",
    ".htpasswd", ".git-credentials", ".pgpass", ".my.cnf", ".dockercfg", ".s3cfg", "credentials", "credentials.json",
    "credentials.y*ml", "secrets.json", "secrets.y*ml", "secrets.toml", "secret.json", "secret.y*ml", "*.tfstate",
    "*.tfstate.*", "*.tfvars", "kubeconfig", "service-account*.json", "service_account*.json", "client_secret*.json",
    "*.mobileprovision", "*.ovpn", "master.key", "vault_pass*",
)  # fmt: skip
_EXAMPLE_ENDINGS = (".example", ".sample", ".template", ".dist", ".pub")
_SECRET_PATHS = (".aws/credentials", ".docker/config.json", ".kube/config", ".ssh/")

_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:\s*$|\\n)", re.MULTILINE)
_TOKENS = re.compile(
    r"\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bgithub_pat_\w{60,}|\bglpat-[\w-]{20}\b"
    r"|\bxox[abprs]-[\w-]{24,}|\bsk_live_[0-9A-Za-z]{20,}|\bAIza[0-9A-Za-z_-]{35}\b|\bsk-ant-[\w-]{40,}|\bnpm_[A-Za-z0-9]{36}\b"
    r"|\bpypi-AgEIcHlwaS5vcmc[\w-]{40,}"
)
# Every token starts with one of these: looking for them first costs a tenth of the expression.
_TOKEN_MARKS = (
    "AKIA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox", "sk_live_", "AIza", "sk-ant-",
    "npm_", "pypi-",
)  # fmt: skip


def is_secret_name(path: str) -> bool:
    """Whether the name alone says that the file holds keys or passwords."""
    name = PurePosixPath(path).name.lower()
    if name.endswith(_EXAMPLE_ENDINGS):
        return False
    if any(part in f"/{path}" for part in (f"/{secret}" for secret in _SECRET_PATHS)):
        return True
    return any(fnmatchcase(name, pattern) for pattern in _SECRET_NAMES)


def holds_secret(text: str) -> bool:
    """Whether a private key or a well-known kind of access token stands in the text."""
    if "PRIVATE KEY" in text and _PRIVATE_KEY.search(text):
        return True
    return any(mark in text for mark in _TOKEN_MARKS) and _TOKENS.search(text) is not None
