"""Calls that a changed signature leaves behind: they fitted it before and do not fit it now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from codeassist.findings.types import Finding, Replacement, finding_id
from codeassist.review.changes import ChangedFile
from codeassist.review.static import other_calls, python_calls
from codeassist.review.static.decorators import keep_parameters
from codeassist.review.static.definitions import ChangedFunction, changed_functions
from codeassist.review.static.meant_to_fail import is_meant_to_fail
from codeassist.review.static.python_calls import Site
from codeassist.review.static.python_names import Program
from codeassist.review.static.shapes import is_moved, misfit
from codeassist.review.static.trees import ReviewedFile, Trees, readable

# How sure it is that a finding is worth a person's time: where imports and classes say which function a call means,
# and where only the name does.
SURE, LIKELY = 0.95, 0.7
MAX_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Stale:
    """A call that was left behind. why: what does not fit; "" where it fits, and means other parameters."""

    site: Site
    why: str

    @property
    def place(self) -> str:
        """`path:line: code`."""
        return self.site.file.place(self.site.line)


def stale_calls(trees: Trees, program: Program, files: Iterable[ChangedFile]) -> Iterator[Finding]:
    """One finding for each function whose calls were left behind."""
    for file in readable(files):
        old, new = trees.before(file), trees.after(file.path)
        if old is None or new is None:
            continue
        keep = partial(keep_parameters, program, new.path)
        for changed in changed_functions(old, new, keep):
            if trees.is_over:
                return
            stale = stale_of(trees, program, changed)
            if stale:
                yield _finding(new, changed, stale)


def stale_of(trees: Trees, program: Program, changed: ChangedFunction) -> list[Stale]:
    """The calls of one function that fitted it before and do not now, in the order of files."""
    sites = (
        python_calls.sites(trees, program, changed)
        if changed.language == "python"
        else other_calls.sites(trees, changed)
    )
    judged = (_judged(trees, changed, site) for site in sites)
    by_place = {(one.site.file.path, one.site.call.start): one for one in judged if one is not None}
    return list(by_place.values())


def _judged(trees: Trees, changed: ChangedFunction, site: Site) -> Stale | None:
    old, new = (changed.old_whole, changed.new_whole) if site.is_whole else (changed.old, changed.new)
    if misfit(site.call, old):
        return None
    if why := misfit(site.call, new):
        return None if _is_meant_to_fail(site) else Stale(site, why)
    file = trees.changed.get(site.file.path)
    is_new = file is not None and site.line in file.changed_lines
    return Stale(site, "") if site.is_sure and not is_new and is_moved(site.call, old, new) else None


def _is_meant_to_fail(site: Site) -> bool:
    syntax = site.file.source.syntax
    if syntax is None or site.file.language != "python":
        return False
    return is_meant_to_fail(syntax, site.call.start, site.call.start + 1, "TypeError")


def _finding(file: ReviewedFile, changed: ChangedFunction, stale: Sequence[Stale]) -> Finding:
    broken = [one for one in stale if one.why and one.site.is_sure]
    first = (broken or [one for one in stale if one.why] or list(stale))[0]
    is_error = bool(broken) and changed.language != "javascript"
    what = f"{changed.head.qualified}({', '.join(item.name for item in changed.new)})"
    return Finding(
        id=finding_id("stale-call", file.path, what, 0),
        path=file.path,
        start_line=changed.head.line,
        end_line=changed.head.line,
        severity="error" if is_error else "warning",
        category="stale-call",
        message=_message(changed, stale, first),
        evidence=f"{first.site.file.path}:{first.site.line}",
        places=tuple(one.place for one in stale[:MAX_SHOWN]),
        confidence=SURE if any(one.site.is_sure for one in stale) else LIKELY,
        replacement=_replacement(file, changed, stale),
    )


def _message(changed: ChangedFunction, stale: Sequence[Stale], first: Stale) -> str:
    where = _where(stale)
    if not first.why:
        still = "gives" if len(stale) == 1 else "give"
        return (
            f"the parameters of `{changed.shown}` stand in another order, and {where} still {still} them in the old one"
        )
    if len(stale) == 1:
        return f"{where} no longer fits the new parameters of `{changed.shown}`: it {first.why}"
    return f"{where} no longer fit the new parameters of `{changed.shown}`: the call {first.why}"


def _where(stale: Sequence[Stale]) -> str:
    files = {one.site.file.path for one in stale}
    if len(stale) == 1:
        return f"the call in {stale[0].site.file.path}:{stale[0].site.line}"
    return f"{len(stale)} calls in {len(files)} files" if len(files) > 1 else f"{len(stale)} calls in {files.pop()}"


def _replacement(file: ReviewedFile, changed: ChangedFunction, stale: Sequence[Stale]) -> Replacement | None:
    """The new name of a keyword, for the one call that is left, in the same file."""
    old, new = [item.name for item in changed.old], [item.name for item in changed.new]
    gone, come = [name for name in old if name not in new], [name for name in new if name not in old]
    if len(stale) != 1 or len(gone) != 1 or len(come) != 1 or stale[0].site.file.path != file.path:
        return None
    if old.index(gone[0]) != new.index(come[0]):
        return None
    argument = next((one for one in stale[0].site.call.arguments if one.keyword == gone[0]), None)
    if argument is None:
        return None
    source = file.source
    row = source.row(argument.start)
    column = argument.start - source.starts[row]
    line = source.lines[row]
    return Replacement(row + 1, row + 1, line[:column] + come[0] + line[column + len(gone[0]) :])
