"""What reviews have found in the session's folders, by file: until it is mended, dismissed, or looked at anew."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from codeassist.review.changes import lines_of
from codeassist.review.file_texts import side_on_disk
from codeassist.review.moving import ReviewedFile
from lsp.folder import Folder


class Reviewed:
    """By folder and path, whatever address the editor has for a file."""

    def __init__(self) -> None:
        self._files: dict[Folder, dict[str, ReviewedFile]] = {}

    def __bool__(self) -> bool:
        return any(self._files.values())

    def find(self, folder: Folder, path: str) -> ReviewedFile | None:
        """What is known of a file; None for nothing."""
        return self._files.get(folder, {}).get(path)

    def files(self) -> Iterator[tuple[Folder, str]]:
        """The files of which something is known."""
        return ((folder, path) for folder, files in self._files.items() for path in files)

    def take(self, folder: Folder, found: Mapping[str, ReviewedFile], passes: Collection[str]) -> set[str]:
        """A review has found this, by path, and these passes came to their end; what others found before stays. The
        files that it may concern."""
        before = self._files.get(folder, {})
        nothing = ReviewedFile((), ())
        concerned = {*before, *found}
        after = {path: before.get(path, nothing).and_found(found.get(path), passes) for path in concerned}
        self._files[folder] = {path: file for path, file in after.items() if file.findings}
        return concerned

    def drop(self, folder: Folder, path: str, identity: str) -> None:
        """A finding was dismissed."""
        if (file := self.find(folder, path)) is not None:
            self._put(folder, path, file.without([identity]))

    def follow(self, folder: Folder, path: str, lines: Sequence[str]) -> None:
        """A file has this text by now, on the disk."""
        if (file := self.find(folder, path)) is not None:
            self._put(folder, path, file.following(lines))

    async def follow_disk(self, folder: Folder, path: str) -> None:
        """The same by what is on the disk; of a file that is gone nothing is known any more."""
        before = self.find(folder, path)
        side = await asyncio.to_thread(side_on_disk, folder.path, path)
        if self.find(folder, path) is not before:
            return  # A review has looked at it meanwhile.
        if side.text is not None:
            self.follow(folder, path, lines_of(side.text))
        elif not side.reason:
            self._files.get(folder, {}).pop(path, None)

    def leave(self, others: Collection[Folder]) -> list[tuple[Path, str]]:
        """Forget folders that are not among these; their files, by the path of the folder and their own."""
        gone = [folder for folder in self._files if folder not in others]
        return [(folder.path, path) for folder in gone for path in self._files.pop(folder)]

    def _put(self, folder: Folder, path: str, file: ReviewedFile) -> None:
        if file.findings:
            self._files[folder][path] = file
        else:
            del self._files[folder][path]
