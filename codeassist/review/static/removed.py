"""What a change takes away and something still uses: names of modules, methods, whole modules."""

from __future__ import annotations

import builtins
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from codeassist.findings.imports import missing_from, offers
from codeassist.findings.types import Finding, finding_id
from codeassist.findings.workspace import Workspace
from codeassist.review.changes import ChangedFile
from codeassist.review.static import other_calls
from codeassist.review.static.definitions import ChangedFunction, how_called
from codeassist.review.static.familiar import is_familiar
from codeassist.review.static.gone_members import gone_members, uses_of_member
from codeassist.review.static.heads import SIGNATURES_ONLY, Head
from codeassist.review.static.meant_to_fail import is_meant_to_fail
from codeassist.review.static.python_names import Program
from codeassist.review.static.trees import ReviewedFile, Trees, readable
from indexer.module_names import is_known_language, names_of
from indexer.name_roles import occurrences

SURE, LIKELY = 0.95, 0.7
MAX_SHOWN = 50
# A change that takes away more moves things about; the first ones are looked at.
MAX_NAMES = 60
# What binds names in a line, imports over several lines included; it may match too much.
_BINDS = re.compile(
    r"\b(?:def|class|function\*?|interface|type|enum|namespace)\s+[\w$]+|^[\w$, ()\[\]*.]+(?::[^=]*)?=(?!=)"
    r"|\b(?:from|import|export)\b.*|\b(?:const|let|var)\s+[^=]+|(?<![\w$])[\w$]+\s*:=|\b(?:as|for|global)\s+[\w$, ]+"
    r"|^[\w$.*,\s{}()]+(?:(?:#|//).*)?$"
)
_TYPED = frozenset({"go", "java", "rust"})


@dataclass(frozen=True, slots=True)
class Gone:
    """Something that was taken away. line: of the old text. places: where it is used, `path:line`."""

    name: str
    line: int
    places: tuple[str, ...]
    is_sure: bool = True


def removed_symbols(
    trees: Trees, program: Program, workspace: Workspace, files: Iterable[ChangedFile]
) -> Iterator[Finding]:
    """One finding for each place that something was taken away from which is still used."""
    for file in readable(files):
        old, new = trees.before(file), trees.after(file.path)
        if old is None or new is None or trees.is_over:
            continue
        at: dict[int, list[Gone]] = {}
        for gone in _gone(trees, program, workspace, file, old, new):
            at.setdefault(_anchor(file, gone.line), []).append(gone)
        for line, several in at.items():
            yield _finding(old, new, line, several)


def _gone(
    trees: Trees, program: Program, workspace: Workspace, file: ChangedFile, old: ReviewedFile, new: ReviewedFile
) -> Iterator[Gone]:
    if is_known_language(file.path):
        yield from _names(trees, program, workspace, file, old, new)
    if old.language == "python":
        for head in gone_members(trees, program, old, new)[:MAX_NAMES]:
            sure, likely = uses_of_member(trees, program, new, head)
            if sure or likely:
                yield Gone(head.qualified, head.line, (*sure, *likely), bool(sure))
    if old.language in _TYPED:
        yield from _functions(trees, old, new)


def _names(
    trees: Trees, program: Program, workspace: Workspace, file: ChangedFile, old: ReviewedFile, new: ReviewedFile
) -> Iterator[Gone]:
    """Names that a module does not offer any more."""
    if old.path != new.path or not may_lose_names(file):
        return
    before, after = names_of(old.path, old.text), names_of(new.path, new.text)
    if before.is_open or after.is_open:
        return
    listed = {name for name in before.names & after.names if _is_only_listed(program, old, new, name)}
    gone = sorted((before.names - after.names - after.possible) | listed, key=lambda name: before.lines.get(name, 1))
    for name in gone[:MAX_NAMES]:
        folder = new.path.rpartition("/")[0]
        is_submodule = new.path.endswith("__init__.py") and workspace.has_entry(folder, name)
        is_there = name not in listed and offers(workspace, [new.path], name)
        if trees.is_over or name.startswith("__") or is_submodule or is_there:
            continue
        python = program.python(new.path)
        is_bound_inside = python is not None and python.is_imported(name)  # By a function, for itself.
        places = [*_own_uses(new, name, bool(after.stars))] if not is_bound_inside else []
        for user in trees.mentioning(name, new.language):
            is_importing = user.path != new.path and _may_import(program, user, name, new.path)
            told = _own_lines(trees, user) if name not in listed else ()
            places += _imports(program, workspace, user, name, new.path, told) if is_importing else ()
            places += _behind_module(program, user, name, new.path) if user.language == "python" else ()
        if places:
            line = _defined_at(old, name) or before.lines.get(name, 1)
            yield Gone(name, line, tuple(dict.fromkeys(places)))


def _defined_at(file: ReviewedFile, name: str) -> int | None:
    """The line of a function or class of a module: `__all__`, which may stay as it is, has its name, too."""
    heads = (head for head in file.heads if head.name == name and not head.container and not head.is_local)
    return next((head.line for head in heads), None)


def may_lose_names(file: ChangedFile) -> bool:
    """Whether the lines that go bind a name that those which come do not: a look that costs next to nothing."""
    gone, come = (
        {name for line in lines for match in _BINDS.finditer(line) for name in re.findall(r"[\w$]+", match.group())}
        for lines in (
            [line for hunk in file.hunks for line in hunk.old_lines],
            [line for hunk in file.hunks for line in hunk.new_lines],
        )
    )
    return not gone <= come


def _is_only_listed(program: Program, old: ReviewedFile, new: ReviewedFile, name: str) -> bool:
    """Whether a function or class is still in a module's `__all__` and nowhere else in it."""
    python = program.python(new.path)
    if python is None or not any(head.name == name and not head.container and not head.is_local for head in old.heads):
        return False
    is_bound = name in python.top or any(item.alias in (name, "*") for item in python.imports)
    is_given_away = re.search(rf"^[\w.]+\([^)]*[\"']{re.escape(name)}[\"']", new.text, re.MULTILINE) is not None
    return not (is_bound or is_given_away or python.assignments(name, None) or "global " in new.text)


def _imports(
    program: Program, workspace: Workspace, user: ReviewedFile, name: str, path: str, told: Collection[int]
) -> Iterator[str]:
    """Imports of the name from the module that lacks it. told: lines of which another finding tells."""
    for item in user.named_imports:
        if item.name == name and item.line + 1 not in told:
            module = missing_from(workspace, user.path, item)
            files = [module.path] if module is not None else program.modules(item.module, user.path)
            if files == [path]:
                yield user.place(item.line + 1)


def _own_lines(trees: Trees, file: ReviewedFile) -> Collection[int]:
    """Lines of the change itself: names that they import and nobody has are told by a finding of their own, but for
    those that their module still lists."""
    changed = trees.changed.get(file.path)
    return changed.changed_lines if changed is not None else ()


def _may_import(program: Program, user: ReviewedFile, name: str, path: str) -> bool:
    """Whether a file imports something of this name from a module that is called so: cheaper than to find out which."""
    folder, _, file = path.rpartition("/")
    stem = file.partition(".")[0]
    names = {stem, *((folder.rpartition("/")[2], "") if stem in ("__init__", "index") else ())}
    python = program.python(user.path)
    if python is not None:
        return any(item.name == name and item.module.rpartition(".")[2] in names for item in python.imports)
    return any(name in user.text for name in names if name) or "'.'" in user.text or '"."' in user.text


def _behind_module(program: Program, user: ReviewedFile, name: str, path: str) -> Iterator[str]:
    """`module.name`."""
    python = program.python(user.path) if f".{name}" in user.text else None
    if python is None or python.syntax is None:
        return
    for start, end in python.syntax.words(name):
        way = python.syntax.way_to(start, end)
        parent = way[-2].node if len(way) > 1 else None
        if parent is None or parent.type != "attribute" or way[-1].field != "attribute":
            continue
        holder = parent.child_by_field_name("object")
        value = program.value(python, holder) if holder is not None else None
        is_caught = any(step.node.type == "try_statement" for step in way)
        is_caught = is_caught or is_meant_to_fail(python.syntax, start, end, "AttributeError")
        if value is not None and value.kind == "module" and value.path == path and not is_caught:
            yield user.place(user.source.row(start) + 1)


def _own_uses(file: ReviewedFile, name: str, has_stars: bool) -> Iterator[str]:
    """Uses in the module itself, where nothing else there has this name."""
    if file.language != "python" or file.source.syntax is None or has_stars or hasattr(builtins, name):
        return
    found = occurrences(file.source.syntax, name)
    if any(one.is_set or one.role in ("import", "parameter", "function", "class") for one in found):
        return
    for one in found:
        way = file.source.syntax.way_to(one.start, one.end)
        is_quiet = any(
            step.node.type in ("try_statement", "type", "delete_statement", "global_statement") for step in way
        )
        if one.role == "name" and way[-1].node.type == "identifier" and not is_quiet:
            yield file.place(file.source.row(one.start) + 1)


def _functions(trees: Trees, old: ReviewedFile, new: ReviewedFile) -> Iterator[Gone]:
    """Functions of Go, Java and Rust whose name nothing has any more, and that are still called."""
    kept = {head.name for head in new.heads}
    gone = [head for head in old.heads if head.name not in kept and not head.is_class and not head.is_local]
    for head in gone[:MAX_NAMES]:
        if trees.is_over or head.node.type in SIGNATURES_ONLY or trees.definitions(head.name, new.language):
            continue
        called = how_called(head, new.language)
        name = head.container if called == "constructor" else head.name
        if called == "constructor":
            continue  # There is one without being written.
        function = ChangedFunction(new.path, new.language, head, name, called, (), (), (), ())
        sites = list(other_calls.candidates(trees, function, is_unique=not is_familiar(head.name)))
        if sites:
            is_sure = any(site.is_sure for site in sites)
            yield Gone(head.qualified, head.line, tuple(site.file.place(site.line) for site in sites), is_sure)


def _anchor(file: ChangedFile, old_line: int) -> int:
    """The line of the new text where a line of the old one was taken away."""
    for hunk in file.hunks:
        if hunk.old_start <= old_line < hunk.old_start + len(hunk.old_lines):
            offset = min(old_line - hunk.old_start, max(0, len(hunk.new_lines) - 1))
            return min(max(1, hunk.new_start + offset), max(1, len(file.new_lines)))
    return 1


def _finding(old: ReviewedFile, new: ReviewedFile, line: int, several: Sequence[Gone]) -> Finding:
    ordered = sorted(several, key=lambda gone: not gone.is_sure)
    first = ordered[0]
    places = [place for gone in ordered for place in gone.places]
    n_files = len({place.rpartition(":")[0] for place in places})
    names = ", ".join(f"`{gone.name}`" for gone in ordered[:4]) + (", ..." if len(ordered) > 4 else "")
    verb = "is removed or renamed here and is" if len(ordered) == 1 else "are removed or renamed here and are"
    uses = f"{len(places)} place{'s' * (len(places) > 1)} in {n_files} file{'s' * (n_files > 1)}"
    renamed = _new_name(old, new, first.name) if len(ordered) == 1 else ""
    return Finding(
        id=finding_id("removed-symbol", new.path, " ".join(sorted(gone.name for gone in several)), 0),
        path=new.path,
        start_line=line,
        end_line=line,
        severity="error" if first.is_sure else "warning",
        category="removed-symbol",
        message=f"{names} {verb} still used in {uses}{f'; it is called `{renamed}` now' if renamed else ''}",
        evidence=places[0],
        places=tuple(places[:MAX_SHOWN]),
        confidence=SURE if first.is_sure else LIKELY,
    )


def _new_name(old: ReviewedFile, new: ReviewedFile, qualified: str) -> str:
    """What a function is called now, where one has its parameters and its body."""
    before = next((head for head in old.heads if head.qualified == qualified), None)
    known = {head.qualified for head in old.heads}
    if before is None:
        return ""
    same = [head for head in new.heads if head.qualified not in known and _body(head) == _body(before)]
    return same[0].name if len(same) == 1 else ""


def _body(head: Head) -> tuple[object, bytes | None]:
    body = head.node.child_by_field_name("body")
    return head.parameters, body.text if body is not None else None
