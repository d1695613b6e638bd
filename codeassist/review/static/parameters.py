"""Parameters that a change adds to a function and that its body never names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from codeassist.findings.types import Finding, finding_id
from codeassist.review.changes import ChangedFile
from codeassist.review.static.definitions import how_called, pairs
from codeassist.review.static.heads import SIGNATURES_ONLY, Head
from codeassist.review.static.python_files import Value
from codeassist.review.static.python_names import Program
from codeassist.review.static.trees import ReviewedFile, Trees, readable
from indexer.ranking import is_test_path
from indexer.syntax import SyntaxNode

CONFIDENCE = 0.6
# What a body says where there is nothing to say yet, or where anything may be used.
_STUB = re.compile(
    rb"NotImplemented|not implemented|\bTODO\b|\btodo!|unimplemented!|UnsupportedOperation|pass\b|\.\.\."
)
_ANY = re.compile(rb"\blocals\(\)|\bvars\(\)|\barguments\b|\beval\(|\bexec\(")
_OVERRIDES = re.compile(r"@Override|\boverride\b")


def unused_parameters(trees: Trees, program: Program, files: Iterable[ChangedFile]) -> Iterator[Finding]:
    """One note for each function that got a parameter which nothing in it uses."""
    for file in readable(files):
        if is_test_path(file.path):
            continue  # What tests take, they have done by taking it.
        old, new = trees.before(file), trees.after(file.path)
        for before, head in pairs(old, new) if old is not None and new is not None else ():
            if trees.is_over or new is None:
                return
            known = {item.name for item in before.parameters}
            added = [
                item.name for item in head.parameters if item.kind in ("any", "keyword") and item.name not in known
            ]
            unused = [name for name in added if _is_unused(head, name)]
            if unused and not _is_prescribed(trees, program, new, head):
                yield _finding(new, head, unused)


def _is_unused(head: Head, name: str) -> bool:
    body = _body(head)
    if body is None or name.startswith("_") or not name.isidentifier():
        return False
    text = body.text or b""
    # A body of two lines or less that is a stub says nothing of its parameters.
    if _ANY.search(text) or (_STUB.search(text) and text.count(b"\n") <= 4):
        return False
    return re.search(rf"\b{re.escape(name)}\b".encode(), text) is None


def _body(head: Head) -> SyntaxNode | None:
    value = head.node.child_by_field_name("value")
    return head.node.child_by_field_name("body") or (value.child_by_field_name("body") if value is not None else None)


def _is_prescribed(trees: Trees, program: Program, file: ReviewedFile, head: Head) -> bool:
    """Whether others may say which parameters a function has: a base class, an interface, whoever it is handed to."""
    if head.node.type in SIGNATURES_ONLY or any(head.decorators):
        return True
    if head.container and _may_override(trees, program, file, head):
        return True
    return _is_handed_on(file, head)


def _may_override(trees: Trees, program: Program, file: ReviewedFile, head: Head) -> bool:
    called = how_called(head, file.language)
    if file.language != "python":
        others = [
            place for place in trees.definitions(head.name, file.language) if place != (file.path, head.container)
        ]
        return called != "constructor" and (
            bool(others) or _OVERRIDES.search((head.node.text or b"").decode("utf-8", "replace")[:200]) is not None
        )
    if called == "constructor":
        return False
    python = program.python(file.path)
    classes = python.classes.get(head.container, []) if python is not None else []
    listed = classes[0].node.child_by_field_name("superclasses") if len(classes) == 1 else None
    if listed is None or not listed.named_children:
        return len(trees.definitions(head.name, "python")) > 1  # Something may take either.
    value, is_absent = program.find_member(Value("super", file.path, head.container), head.name)
    return value is not None or not is_absent or len(trees.definitions(head.name, "python")) > 1


def _is_handed_on(file: ReviewedFile, head: Head) -> bool:
    """Whether the function is named in its file without being called: then others call it, as they will."""
    pattern = rf"(?<!def )(?<!func )(?<!function )(?<!fn )\b{re.escape(head.name)}\b(?!\s*\()"
    named = re.findall(pattern, re.sub(r"(?m)^\s*(?:#|//|\*).*$|\"[^\"\n]*\"|'[^'\n]*'|`[^`\n]*`", "", file.text))
    return bool(named)


def _finding(file: ReviewedFile, head: Head, unused: list[str]) -> Finding:
    names = ", ".join(f"`{name}`" for name in unused)
    is_one = len(unused) == 1
    what = (
        f"the new parameter {names} of `{head.qualified}` is"
        if is_one
        else f"{names}, new parameters of `{head.qualified}`, are"
    )
    return Finding(
        id=finding_id("unused-parameter", file.path, f"{head.qualified}({','.join(unused)})", 0),
        path=file.path,
        start_line=head.line,
        end_line=head.line,
        severity="note",
        category="unused-parameter",
        message=f"{what} never used",
        evidence=f"{file.path}:{head.line}",
        confidence=CONFIDENCE,
    )
