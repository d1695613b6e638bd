"""Methods of Python classes that a change takes away, and what still asks for them."""

from __future__ import annotations

import re

from codeassist.review.static.familiar import is_familiar
from codeassist.review.static.heads import Head, text_of
from codeassist.review.static.meant_to_fail import is_meant_to_fail
from codeassist.review.static.python_files import PythonFile, Value
from codeassist.review.static.python_names import Program
from codeassist.review.static.trees import ReviewedFile, Trees


def gone_members(trees: Trees, program: Program, old: ReviewedFile, new: ReviewedFile) -> list[Head]:
    """Methods that their class, which is still there, does not have any more, not even from another class."""
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
        if is_absent:
            found.append(head)
    return found


def uses_of_member(trees: Trees, program: Program, new: ReviewedFile, head: Head) -> tuple[list[str], list[str]]:
    """Places that ask objects of the class for it, and those that call something of its name on what is not known."""
    sure: list[str] = []
    likely: list[str] = []
    others = trees.definitions(head.name, "python")
    heirs = [place for place in others if program.derives_from(Value("class", *place), new.path, head.container)]
    is_vague = bool(others) or is_familiar(head.name)
    set_by_dot = re.compile(rf"\.{re.escape(head.name)}\s*(?::[^=\n]+)?=(?!=)")
    set_by_name = re.compile(rf"setattr\([^)\n]*[\"']{re.escape(head.name)}")
    for file in trees.mentioning(head.name, "python"):
        if set_by_dot.search(file.text):
            return [], []
        is_vague = is_vague or set_by_name.search(file.text) is not None
        python = program.python(file.path) if f".{head.name}" in file.text else None
        for start, is_sure, is_own in _uses(program, python, new.path, head) if python is not None else ():
            if not (is_own and heirs):
                (sure if is_sure else likely).append(file.place(file.source.row(start) + 1))
    return sure, [] if is_vague else likely


def _uses(program: Program, file: PythonFile, path: str, head: Head) -> list[tuple[int, bool, bool]]:
    """Where it is asked for, whether surely of the class, and whether of `self` or `super()`."""
    found: list[tuple[int, bool, bool]] = []
    if file.syntax is None:
        return found
    for start, end in file.syntax.words(head.name):
        way = [step.node for step in file.syntax.way_to(start, end)]
        if is_meant_to_fail(file.syntax, start, end, "AttributeError"):
            continue
        if len(way) < 3 or way[-2].type != "attribute" or way[-2].child_by_field_name("attribute") != way[-1]:
            continue
        holder = way[-2].child_by_field_name("object")
        value = program.value(file, holder) if holder is not None else None
        is_called = way[-3].type == "call" and way[-3].child_by_field_name("function") == way[-2]
        if value is None:
            is_foreign = file.is_imported(text_of(file.syntax, holder).partition(".")[0])
            found += [(start, False, False)] if is_called and not is_foreign else []
        elif value.kind in ("class", "instance", "super") and program.derives_from(value, path, head.container):
            _, is_absent = program.find_member(value, head.name)
            is_own = text_of(file.syntax, holder).startswith(("self", "cls", "super"))
            found += [(start, True, is_own)] if is_absent else []
    return found
