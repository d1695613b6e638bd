"""A change as an editor has it: texts that are open and not saved count before those on the disk. For a thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from codeassist.errors import ReviewImpossible
from codeassist.review.changes import ChangedFile, Changes
from codeassist.review.file_texts import side_on_disk
from indexer import revisions
from indexer.gitcommand import GitTrouble


def with_open_texts(root: Path, changes: Changes, texts: Mapping[str, str]) -> Changes:
    """The same change with these texts in it. texts: by path, with LF line ends; a file that is on no disk yet is none
    of the repository's. Raises ReviewImpossible."""
    changed = {file.path for file in changes.files}
    unsaved = {
        path: (before, text)
        for path, text in texts.items()
        if path not in changed and (before := side_on_disk(root, path).text) is not None and before != text
    }
    known = _tracked(root) if unsaved else frozenset()
    new = [
        ChangedFile(
            path, "modified", old_text=before, new_text=text, n_bytes=len(text.encode("utf-8", "surrogatepass"))
        )
        for path, (before, text) in unsaved.items()
        if path in known
    ]
    ignored = {path: text for path, (_, text) in unsaved.items() if path not in known}
    files = [_with_text(file, texts[file.path]) if file.path in texts else file for file in changes.files]
    taken_back = {file.path: file.new_text for file in files if _is_as_before(file)}
    kept = [file for file in files if file.path not in taken_back]
    return replace(changes, files=(*kept, *new), beside={**changes.beside, **ignored, **taken_back})


def _with_text(file: ChangedFile, text: str) -> ChangedFile:
    """A file that is gone, or whose content is no text, stays what it is."""
    if file.new_text is None or file.new_text == text:
        return file
    return replace(file, new_text=text, n_bytes=len(text.encode("utf-8", "surrogatepass")))


def _is_as_before(file: ChangedFile) -> bool:
    return file.status == "modified" and file.new_text is not None and file.new_text == file.old_text


def _tracked(root: Path) -> frozenset[str]:
    try:
        return frozenset(path for _, path in revisions.tracked_files(root))
    except GitTrouble as trouble:
        raise ReviewImpossible(str(trouble)) from trouble
