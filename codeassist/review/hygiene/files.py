"""Added files that do not belong in a repository: too large, made by a tool, or, by their names, full of secrets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from codeassist.findings.types import Category, Finding, Severity, finding_id
from codeassist.review.changes import ChangedFile
from codeassist.review.hygiene.paths import is_shown
from indexer.rules import reason_by_content, reason_by_name

_SECRET_FILE = re.compile(
    r"^(?:\.env(?:\.(?:local|production|prod|staging|development))?|\.netrc|\.pypirc|\.git-credentials|\.pgpass"
    r"|\.vault-token|id_(?:rsa|dsa|ecdsa|ed25519)|.+\.(?:p12|pfx|jks|keystore|kdbx|ppk|tfstate)|kubeconfig)$"
)
# An empty value, or one that is read from elsewhere.
_ENTRY = re.compile(r"^[ \t]*(?:export[ \t]+)?\w+[ \t]*=[ \t]*[\"']?[^\s\"'$<{]{4,}", re.MULTILINE)
_CACHES = frozenset({
    "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".gradle", ".terraform", ".next", ".nuxt",
    ".ipynb_checkpoints", ".eggs", "node_modules", "bower_components", ".venv", "site-packages", ".tox", ".nox",
})  # fmt: skip
_JUNK = re.compile(r"^(?:\.DS_Store|Thumbs\.db|.+\.(?:py[co]|swp|orig|rej|class)|npm-debug\.log.*|core\.\d+)$")


def find_files(files: Iterable[ChangedFile], max_kb: int) -> list[Finding]:
    """What is wrong with the files that a change adds, by path; of a folder that should not be there, one word."""
    findings: list[Finding] = []
    told: set[str] = set()
    for file in files:
        if file.status != "added" or file.skipped in ("submodule", "symbolic link", "LFS pointer"):
            continue
        if folder := _cache_of(file.path):
            if folder not in told:
                told.add(folder)
                findings.append(_in_cache(file, folder))
        elif _JUNK.match(PurePosixPath(file.path).name):
            findings.append(
                _file_finding(file, "warning", f"{_name(file)} is made by a tool: leave it out (.gitignore)")
            )
        elif _holds_secrets(file):
            message = (
                f"{_name(file)} is a file that holds secrets as a rule: leave it out (.gitignore), and revoke them"
            )
            findings.append(_file_finding(file, "warning", message, "secret", 0.7))
        elif file.n_bytes > max_kb * 1024:
            findings.append(_huge(file))
    return findings


def _huge(file: ChangedFile) -> Finding:
    size = f"{file.n_bytes / 1024 / 1024:.1f} MiB"
    by_name = reason_by_name(file.path)
    if file.path.endswith((".lock", "-lock.json", "lock.yaml", ".sum")):
        return _file_finding(file, "note", f"{_name(file)} has {size}", confidence=0.4)
    content = reason_by_content(file.path, file.new_text) if file.new_text is not None else None
    if "generated" in (by_name, content) or content == "minified":
        remedy = "it looks made by a tool, so let the build make it and leave it out (.gitignore)"
    elif by_name == "third-party code":
        remedy = "it looks like third-party code, so declare it as a dependency if you can"
    else:
        remedy = "keep it in Git LFS (`git lfs track`) or outside of the repository, which keeps every version for good"
    return _file_finding(file, "warning", f"{_name(file)} has {size}: {remedy}")


def _in_cache(file: ChangedFile, folder: str) -> Finding:
    name = PurePosixPath(folder).name
    return _file_finding(
        file, "warning", f"files of `{folder}` are added: `{name}` is made anew by a tool (.gitignore)"
    )


def _cache_of(path: str) -> str:
    """The outermost folder of a path that a tool makes anew, "" for none."""
    folders = path.split("/")[:-1]
    at = next((n for n, folder in enumerate(folders) if folder in _CACHES), None)
    return "" if at is None or is_shown(path) else "/".join(folders[: at + 1])


def _holds_secrets(file: ChangedFile) -> bool:
    name = PurePosixPath(file.path).name
    if not _SECRET_FILE.match(name) or is_shown(file.path) or not file.n_bytes:
        return False
    return not name.startswith(".env") or bool(_ENTRY.search(file.new_text or ""))


def _name(file: ChangedFile) -> str:
    return f"`{PurePosixPath(file.path).name}`"


def _file_finding(
    file: ChangedFile, severity: Severity, message: str, category: Category = "huge-file", confidence: float = 0.9
) -> Finding:
    identity = finding_id(category, file.path, "file", 0)
    return Finding(identity, file.path, 1, 1, severity, category, message, f"{file.path}:1", confidence=confidence)
