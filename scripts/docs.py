"""Writes the parts of the documents that repeat a source: tables of settings and of figures, the editors' files.

    make docs

A generated part stands between `<!-- begin KIND: NAME -->` and `<!-- end -->`. KIND `settings` is the table of every
setting; KIND `file` is a file of this repository, quoted whole; KIND `figures` is a table of measured figures.
tests/test_docs.py fails when a part is out of date.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from codeassist.configuration import settings_table
from codeassist.settings import PROJECT_SETTINGS, Settings, documented_settings
from scripts import figures, gpu_figures, review_figures, vscode_settings

ROOT = Path(__file__).resolve().parent.parent
CLIENTS = (
    "aider", "ci", "codecompanion", "continue", "llama.vim", "llama.vscode", "minuet", "pre-commit", "tabby", "zed",
)  # fmt: skip
NAMES = (
    "README.md",
    "bench/README.md",
    "training/MODEL_CARD.md",
    "training/FUSION.md",
    *(f"extension-config/{client}/README.md" for client in CLIENTS),
)
DOCUMENTS = tuple(ROOT / name for name in NAMES)

PART = re.compile(r"(<!-- begin (\w+): (\S+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)

# Tables that are not of figures with intervals alone.
TABLES = {
    "cold": figures.cold_indexes,
    "typing": figures.typing,
    "next_edits": figures.next_edits,
    "gpu": gpu_figures.gpu,
    "gpu_many": gpu_figures.gpu_many,
    "gpu_starts": gpu_figures.gpu_starts,
    "gpu_forced": gpu_figures.gpu_forced,
    "gpu_agreement": gpu_figures.gpu_agreement,
    "review_faults": review_figures.faults,
    "review_stale_calls": review_figures.stale_calls,
    "review_bugs": review_figures.bugs,
    "review_silence": review_figures.silence,
    "review_times": review_figures.times,
    "review_scoring": review_figures.scoring,
    "review_beside": review_figures.beside,
}

STAR = r" \*"
LANGUAGES = {".lua": "lua", ".json": "json", ".yaml": "yaml", ".yml": "yaml", ".toml": "toml", ".vim": "vim"}


def generated(document: str) -> str:
    """The same text with every generated part written anew."""
    return PART.sub(lambda part: f"{part[1]}{content(part[2], part[3])}\n{part[5]}", document)


def content(kind: str, name: str) -> str:
    """What belongs into one part. Raises ValueError for a kind that there is not."""
    if kind == "settings":
        return settings_rows(name)
    if kind == "file":
        fence = LANGUAGES.get(Path(name).suffix, "")
        return f"```{fence}\n{(ROOT / name).read_text(encoding='utf-8').rstrip()}\n```"
    if kind == "figures":
        return TABLES[name]() if name in TABLES else figures.table(name)
    raise ValueError(f"there is a generated part of unknown kind {kind!r}")


def settings_rows(section: str) -> str:
    """The table of one section's settings; a star marks what a project's own file may set."""
    defaults = settings_table(Settings())
    rows = [
        f"| `{name}`{STAR if name in PROJECT_SETTINGS else ''} | `{spelled(defaults[name])}` | {meaning} |"
        for name, meaning in documented_settings().items()
        if name.startswith(f"{section}.")
    ]
    return "\n".join(["| setting | default | meaning |", "|---|---|---|", *rows])


def spelled(value: object) -> str:
    """A default as one writes it in TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(spelled(item) for item in value)}]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def main() -> int:
    """Rewrite the documents in place."""
    for document in DOCUMENTS:
        document.write_text(generated(document.read_text(encoding="utf-8")), encoding="utf-8")
    return vscode_settings.main()


if __name__ == "__main__":
    sys.exit(main())
