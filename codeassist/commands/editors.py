"""The lines that connect an editor with this installation, read from `extension-config/`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from codeassist.errors import DocumentError

# What the documents say where a reader's own paths belong.
_CHECKOUT = ("/path/to/codeassist", "/home/me/codeassist")


@dataclass(frozen=True, slots=True)
class Snippet:
    """What to put where."""

    editor: str
    where: str
    text: str


def editor_snippets(root: Path) -> list[Snippet]:
    """For Neovim, VS Code and Continue. Raises DocumentError when a document has lost its lines."""
    program = program_path()
    neovim = _block(root, "neovim/README.md", "runtimepath:append")
    command = f"vim.lsp.config('codeassist', {{ cmd = {{ '{program}', 'lsp', '--stdio' }} }})"
    vscode = f"cd {root}\n{_block(root, 'vscode/README.md', 'make vsix')}"
    continue_file = "extension-config/continue/config.yaml"
    return [
        Snippet("Neovim", "at the top of init.lua", f"{neovim}\n{command}"),
        Snippet("VS Code", "in a shell, once", vscode),
        Snippet("VS Code", "in settings.json", f'"codeassist.command": "{program}"'),
        Snippet(
            "Continue",
            f"in ~/.continue/config.yaml, after `codeassist serve` ({continue_file} says why)",
            _without_comments(_read(root / continue_file)),
        ),
    ]


def program_path() -> Path:
    """The `codeassist` that runs now, as an editor has to name it."""
    return Path(sys.executable).parent / "codeassist"


def _block(root: Path, name: str, mark: str) -> str:
    """The indented block of a document that holds `mark`, with this checkout's path."""
    blocks = _indented_blocks(_read(root / "extension-config" / name))
    found = next((block for block in blocks if mark in block), None)
    if found is None:
        raise DocumentError(f"extension-config/{name} has no indented block with {mark!r}")
    for example in _CHECKOUT:
        found = found.replace(example, str(root))
    return found


def _indented_blocks(markdown: str) -> list[str]:
    blocks: list[list[str]] = [[]]
    for line in markdown.splitlines():
        if line.startswith("    "):
            blocks[-1].append(line.removeprefix("    "))
        elif blocks[-1]:
            blocks.append([])
    return ["\n".join(block) for block in blocks if block]


def _without_comments(yaml: str) -> str:
    return "\n".join(line for line in yaml.splitlines() if not line.lstrip().startswith("#"))


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise DocumentError(f"cannot read {file}: {error.strerror}; is this a whole checkout?") from error
