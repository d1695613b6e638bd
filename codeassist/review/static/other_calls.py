"""The calls of one function of JavaScript, TypeScript, Go, Java or Rust, as far as the texts tell which one is meant."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from codeassist.findings.modules import javascript_module
from codeassist.review.static.definitions import ChangedFunction
from codeassist.review.static.familiar import is_familiar
from codeassist.review.static.python_calls import Site
from codeassist.review.static.trees import ReviewedFile, Trees
from indexer.call_sites import Call, calls

_FROM = re.compile(
    r"\b(?P<verb>import|export)\s+(?:type\s+)?(?P<what>[^;'\"]*?)\s*\bfrom\s*['\"](?P<module>[^'\"]+)['\"]"
)
_REQUIRED = re.compile(r"\b(?:const|let|var)\s+(?P<what>\{[^}]*\}|\w+)\s*=\s*require\(\s*['\"](?P<module>[^'\"]+)['\"]")
# Through so many modules a name is followed.
MAX_FOLLOWED = 8


def sites(trees: Trees, changed: ChangedFunction) -> Iterator[Site]:
    """Every call that means the function, or can hardly mean anything else."""
    named = trees.definitions(changed.name if changed.called != "constructor" else changed.head.name, changed.language)
    return candidates(trees, changed, is_unique=len(named) == 1 and not is_familiar(changed.name))


def candidates(trees: Trees, changed: ChangedFunction, *, is_unique: bool) -> Iterator[Site]:
    """The same. is_unique: whether the name alone tells that the function is meant."""
    for file in trees.mentioning(changed.name, changed.language):
        for alias in _names(trees, file, changed):
            for call in calls(file.source.syntax, alias) if file.source.syntax is not None else ():
                is_sure = _is_meant(trees, file, changed, call, alias)
                if _is_clear(file, call) and (is_sure or (is_sure is None and is_unique)):
                    yield Site(file, call, is_sure=bool(is_sure))


def _is_clear(file: ReviewedFile, call: Call) -> bool:
    """Whether as many arguments are given as are written."""
    if file.language != "go":
        return True
    is_several = len(call.arguments) == 1 and call.arguments[0].text.endswith(")")  # It may return several values.
    return not is_several and not file.text[: call.closed].rstrip().endswith("...")


def _names(trees: Trees, file: ReviewedFile, changed: ChangedFunction) -> list[str]:
    """What the function is called in a file."""
    if changed.language not in ("javascript", "typescript", "tsx"):
        return [changed.name]
    local = [alias for alias, (_, name) in _bindings(file).items() if name == changed.name]
    return list(dict.fromkeys([changed.name, *local]))


def _is_meant(trees: Trees, file: ReviewedFile, changed: ChangedFunction, call: Call, alias: str) -> bool | None:
    """Whether a call means the function; None where nobody can say."""
    before = _before(file, call)
    if changed.language in ("javascript", "typescript", "tsx"):
        return _in_javascript(trees, file, changed, call, alias, before)
    if changed.language == "go":
        return _in_go(file, changed, call, before)
    if changed.language == "rust":
        return _in_rust(file, changed, before)
    return _in_java(file, changed, call, before)


def _in_javascript(
    trees: Trees, file: ReviewedFile, changed: ChangedFunction, call: Call, alias: str, before: str
) -> bool | None:
    if changed.called in ("method", "static method"):
        holder = before.rstrip("?.").rpartition(" ")[2]
        is_own = holder == "this" and file.path == changed.path and _is_once(file, alias)
        return (True if is_own else None) if call.is_member else False
    if call.is_member:
        holder = re.search(r"([\w$]+)\??\.$", before)
        module, name = _bindings(file).get(holder[1], ("", "")) if holder else ("", "")
        return name == "*" and _leads_to(trees, file.path, module, changed.name, changed.path)
    if file.path == changed.path:
        return _is_once(file, alias)
    module, name = _bindings(file).get(alias, ("", ""))
    return bool(module) and _leads_to(trees, file.path, module, name, changed.path, changed.name)


def _leads_to(trees: Trees, asker: str, module: str, name: str, path: str, wanted: str = "", depth: int = 0) -> bool:
    """Whether a module gives on, under a name, what a file defines."""
    wanted = wanted or name
    for target in javascript_module(module, asker, trees.is_file):
        file = trees.after(target)
        if target == path:
            return name == wanted or (name == "default" and file is not None and _is_default(file, wanted))
        if file is None or depth >= MAX_FOLLOWED:
            continue
        for inner, (further, given) in _given_on(file, name):
            if _leads_to(trees, target, further, given if inner != "*" else name, path, wanted, depth + 1):
                return True
    return False


def _is_default(file: ReviewedFile, name: str) -> bool:
    pattern = rf"export\s+default\s+(?:async\s+)?(?:(?:function|class)\b\s*\*?\s*)?{re.escape(name)}\b"
    return re.search(pattern, file.text) is not None


def _given_on(file: ReviewedFile, name: str) -> list[tuple[str, tuple[str, str]]]:
    found = []
    for match in _FROM.finditer(file.text):
        if match["verb"] == "export":
            pairs = {"*": "*"} if match["what"].strip() == "*" else _pairs(match["what"])
            found += [(local, (match["module"], given)) for local, given in pairs.items() if local in ("*", name)]
    return found


def _bindings(file: ReviewedFile) -> dict[str, tuple[str, str]]:
    """Imported names with their module and what they are there; "*" for the module itself."""
    found: dict[str, tuple[str, str]] = {}
    for match in (*_FROM.finditer(file.text), *_REQUIRED.finditer(file.text)):
        if match.re is _REQUIRED or match["verb"] == "import":
            what = match["what"].replace(":", " as ") if match.re is _REQUIRED else match["what"]
            default = "*" if match.re is _REQUIRED else "default"
            found |= {local: (match["module"], name) for local, name in _pairs(what, default).items()}
    return found


def _pairs(what: str, default: str = "default") -> dict[str, str]:
    """Local names and what they are in their module: `a, { b as c }, * as d` -> a: default, c: b, d: *."""
    found: dict[str, str] = {}
    inside = what.partition("{")[2].partition("}")[0]
    for part in inside.split(","):
        words = part.replace("type ", " ").split()
        if words:
            found[words[-1]] = words[0]
    for part in what.replace("{" + inside + "}", "").split(","):
        words = part.split()
        if words:
            found[words[-1]] = "*" if words[0] == "*" else default
    return found


def _in_go(file: ReviewedFile, changed: ChangedFunction, call: Call, before: str) -> bool | None:
    folder = posixpath.dirname(changed.path)
    if changed.called == "method":
        return None if call.is_member else False
    if not call.is_member:
        return posixpath.dirname(file.path) == folder and _package(file) == changed_package(file, changed)
    holder = re.search(r"(\w+)\.$", before)
    imported = re.search(rf'(?:(?!import\b)\b(\w+)\s+)?"[^"\n]*\b{re.escape(posixpath.basename(folder))}"', file.text)
    return bool(holder and imported and folder and holder[1] == (imported[1] or posixpath.basename(folder)))


def _package(file: ReviewedFile) -> str:
    found = re.search(r"^package\s+(\w+)", file.text, re.MULTILINE)
    return found[1] if found else ""


def changed_package(file: ReviewedFile, changed: ChangedFunction) -> str:
    """The package that a bare call in a file has to stand in: tests outside of it have a name of their own."""
    package = _package(file)
    return "" if package.endswith("_test") and not changed.path.endswith("_test.go") else package


def _in_rust(file: ReviewedFile, changed: ChangedFunction, before: str) -> bool | None:
    has_object = any(child.type == "self_parameter" for child in _listed(changed))
    if before.endswith("."):
        return None if has_object else False
    if has_object:
        return False  # `Type::method(&object)` gives one more.
    holder = re.search(r"(\w+)(?:::<[^<>]*>)?::$", before)
    if changed.head.container:
        if holder is None:
            return False
        return (
            True
            if holder[1] == changed.head.container or (holder[1] == "Self" and file.path == changed.path)
            else False
        )
    if holder is None:
        return True if file.path == changed.path and _is_once(file, changed.name) else None
    stem = posixpath.basename(changed.path).removesuffix(".rs")
    return True if holder[1] in (stem, "super", "crate", "self") or stem in ("mod", "lib", "main") else None


def _listed(changed: ChangedFunction) -> list[object]:
    listed = changed.head.node.child_by_field_name("parameters")
    return list(listed.named_children) if listed is not None else []


def _in_java(file: ReviewedFile, changed: ChangedFunction, call: Call, before: str) -> bool | None:
    if changed.called == "constructor":
        return True if re.search(r"\bnew\s+(?:[\w.]+\.)?$", before) else False
    holder = re.search(r"([\w$]+)\s*\.\s*$", before)
    if holder is None:
        return True if file.path == changed.path else None
    is_own = holder[1] == changed.head.container or (holder[1] == "this" and file.path == changed.path)
    return True if is_own else None


def _before(file: ReviewedFile, call: Call) -> str:
    """What stands on the line before the name that is called."""
    start = file.source.starts[file.source.row(call.start)]
    return file.text[start : call.start]


def _is_once(file: ReviewedFile, name: str) -> bool:
    """Whether a file defines one thing of this name."""
    return sum(head.name == name for head in file.heads) == 1
