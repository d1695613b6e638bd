"""Names that a suggestion makes up: neither its file nor the repository knows them."""

from __future__ import annotations

import builtins
import keyword
import re

from bench.quality.cases import Case
from bench.quality.syntax import uses_of, words
from indexer.index import CodeIndex

# Names that a suggestion introduces: all on a line that defines or imports, those behind a word that declares, and
# those that are assigned (several at once, too) or named as a parameter.
_DEFINES = re.compile(
    r"^.*\b(?:def|class|fn|func|function|fun|lambda|struct|enum|interface|trait|import|use)\b.*$", re.M
)
_DECLARED = re.compile(r"\b(?:for|as|let|mut|const|var|val|type)\s+\(?((?:[^\W\d]\w*\s*,\s*)*[^\W\d]\w*)")
_ASSIGNED = re.compile(r"[^\W\d]\w*(?=\s*(?:,\s*[^\W\d]\w*\s*)*(?::=|=(?![=>])|:(?!:)))")
_PYTHON = frozenset(dir(builtins)) | frozenset(keyword.kwlist)


def vocabulary(index: CodeIndex) -> frozenset[str]:
    """Every name in a repository, and Python's own."""
    return _PYTHON.union(*(words(chunk.text) for chunk in index.chunks()))


def unknown_names(case: Case, text: str, known: frozenset[str]) -> list[str]:
    """Names that a suggestion uses, that neither file nor repository spell, and that it does not introduce itself."""
    known_here = words(case.document.text) | known | introduced(case.left + text)
    return [use.name for use in uses_of(case, text) if use.name not in known_here]


def introduced(code: str) -> frozenset[str]:
    """Names that code introduces, judged by its looks."""
    found = (*_DEFINES.findall(code), *_DECLARED.findall(code), *_ASSIGNED.findall(code))
    return words(" ".join(found))
