"""Methods of Python classes that a change takes away, and what still asks for them."""

from __future__ import annotations

import re

from codeassist.review.static.familiar import is_familiar
from codeassist.review.static.heads import Head
from codeassist.review.static.python_names import Program, PythonFile, Value
from codeassist.review.static.trees import ReviewedFile, Trees


def gone_members(trees: Trees, program: Program, old: ReviewedFile, new: ReviewedFile) -> list[Head]:
    """Methods that their class, which is still there, does not have any more, nor has anything else their name."""
    python = program.python(new.path)
    if python is None or old.path != new.path:
        return []
    found = []
    for head in old.heads:
        classes = python.classes.get(head.container, [])
        if head.is_class or head.is_local or not head.container or head.name.startswith("__") or len(classes) != 1:
            continue
        if f"{head.container}.{head.name}" in python.members or python.attributes(classes[0], head.name):
            continue
        owner = Value("class", new.path, head.container)
        _, is_absent = program.find_member(owner, head.name)
        if is_absent and not trees.definitions(head.name, "python"):
            found.append(head)
    return found


def uses_of_member(trees: Trees, program: Program, new: ReviewedFile, head: Head) -> tuple[list[str], list[str]]:
    """Places that ask objects of the class for it, and those that call something of its name on what is not known."""
    sure: list[str] = []
    likely: list[str] = []
    set_somewhere = re.compile(
        rf"\.{re.escape(head.name)}\s*(?::[^=\n]+)?=(?!=)|setattr\([^)\n]*[\"']{re.escape(head.name)}"
    )
    for file in trees.mentioning(head.name, "python"):
        if set_somewhere.search(file.text):
            return [], []
        python = program.python(file.path)
        for start, is_sure in _uses(program, python, new.path, head) if python is not None else ():
            (sure if is_sure else likely).append(file.place(file.source.row(start) + 1))
    return sure, [] if is_familiar(head.name) else likely


def _uses(program: Program, file: PythonFile, path: str, head: Head) -> list[tuple[int, bool]]:
    found: list[tuple[int, bool]] = []
    for start, end in file.syntax.words(head.name) if file.syntax is not None else ():
        way = [step.node for step in file.syntax.way_to(start, end)] if file.syntax is not None else []
        if len(way) < 3 or way[-2].type != "attribute" or way[-2].child_by_field_name("attribute") != way[-1]:
            continue
        holder = way[-2].child_by_field_name("object")
        value = program.value(file, holder) if holder is not None else None
        is_called = way[-3].type == "call" and way[-3].child_by_field_name("function") == way[-2]
        if value is None:
            found += [(start, False)] if is_called else []
        elif value.kind in ("class", "instance", "super") and program.derives_from(value, path, head.container):
            _, is_absent = program.find_member(value, head.name)
            found += [(start, True)] if is_absent else []
    return found
