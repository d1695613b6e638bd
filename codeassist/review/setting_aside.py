"""Which files of a change are not reviewed as source, and what is said of all that is not looked at. For a thread.

What the index leaves out is set aside: generated, minified and third-party code is nobody's work of today, and what is
ignored by the user's wish is not to be looked at. Detectors of secrets and of vulnerable dependencies do it all the
same, since they run here and such files are what they are for. What looks like a secret goes to no model; passes that
ask none look at it. No secret is shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from codeassist.review.changes import ChangedFile, Changes
from indexer.rules import SECRET, NameRules, Rules, reason_by_content

MAX_NAMED = 3


def sorted_out(changes: Changes, rules: Rules) -> Changes:
    """The change with what is set aside, and notes of it and of what cannot be read. Reads ignore files."""
    names = NameRules(rules)
    files = tuple(_looked_at(file, names) for file in changes.files)
    unread = _told(((file, file.skipped) for file in files), "not looked at")
    # What was set aside before has its note.
    new = [after for before, after in zip(changes.files, files, strict=True) if after.set_aside != before.set_aside]
    private = _told(((file, SECRET) for file in new if file.set_aside == SECRET), "shown to no model")
    others = ((file, file.set_aside) for file in new if file.set_aside != SECRET)
    aside = _told(others, "only searched for secrets and the like")
    return replace(changes, files=files, notes=(*changes.notes, *unread, *private, *aside))


def _looked_at(file: ChangedFile, names: NameRules) -> ChangedFile:
    if file.set_aside or file.skipped or file.new_text is None:
        return file
    reason = names.reason(file.path) or reason_by_content(file.path, file.new_text)
    return replace(file, set_aside=reason) if reason else file


def _told(reasons: Iterable[tuple[ChangedFile, str]], what: str) -> list[str]:
    """One note for each reason, with the first few files that it holds for."""
    files: dict[str, list[str]] = defaultdict(list)
    for file, reason in reasons:
        if reason:
            files[reason].append(file.path)
    return [f"{what} ({reason}): {_listed(paths)}" for reason, paths in files.items()]


def _listed(paths: list[str]) -> str:
    more = f" and {len(paths) - MAX_NAMED} more" if len(paths) > MAX_NAMED else ""
    return ", ".join(paths[:MAX_NAMED]) + more
