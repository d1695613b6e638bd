"""A text -> its functions and classes with their parameters: Python, JavaScript, TypeScript, Go, Java, Rust. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from codeassist.review.static.shapes import Parameter, ParameterKind, Parameters
from indexer.syntax import SyntaxNode, SyntaxTree

LANGUAGES = frozenset({"python", "javascript", "typescript", "tsx", "go", "java", "rust"})
FUNCTIONS = frozenset({
    "function_definition", "function_declaration", "generator_function_declaration", "method_definition",
    "method_declaration", "constructor_declaration", "function_item", "function_signature_item", "function_signature",
    "method_signature", "abstract_method_signature", "method_elem", "method_spec",
})  # fmt: skip
CLASSES = frozenset({
    "class_definition", "class_declaration", "abstract_class_declaration", "interface_declaration", "enum_declaration",
    "record_declaration", "trait_item", "impl_item", "mod_item", "type_spec",
})  # fmt: skip
# What has no body that somebody calls directly: its heirs prescribe or follow it.
SIGNATURES_ONLY = frozenset({
    "function_signature_item", "function_signature", "method_signature", "abstract_method_signature", "method_elem",
    "method_spec",
})  # fmt: skip
_ASSIGNED = frozenset({"arrow_function", "function_expression", "function"})
# What holds no function that has a name of its own.
_NO_HEADS = frozenset({
    "expression_statement", "return_statement", "assert_statement", "raise_statement", "import_statement",
    "import_from_statement", "future_import_statement", "import_declaration", "use_declaration", "argument_list",
    "arguments", "parameters", "formal_parameters", "parameter_list", "call", "call_expression", "comment", "string",
    "decorator", "type", "binary_expression", "macro_invocation", "local_variable_declaration", "field_declaration",
})  # fmt: skip
_REST = re.compile(r"splat|rest|variadic|spread|separator")
# A file with more is data or generated.
MAX_HEADS = 2000


@dataclass(frozen=True)
class Head:
    """A function, or a class (`is_class`). container: the classes around it, joined by dots, "" at the top.

    parameters: all of them, `self` too. line: 1-based, of the name. decorators: as written, without `@`.
    is_local: whether it stands in a function.
    """

    name: str
    container: str
    parameters: Parameters
    line: int
    node: SyntaxNode = field(repr=False, compare=False)
    decorators: tuple[str, ...] = ()
    is_class: bool = False
    is_local: bool = False

    @property
    def qualified(self) -> str:
        """Its name with those of the classes around it."""
        return f"{self.container}.{self.name}" if self.container else self.name

    @property
    def end_line(self) -> int:
        """Its last line, 1-based."""
        return int(self.node.end_point.row) + 1


def heads(syntax: SyntaxTree, language: str) -> list[Head]:
    """Functions and classes in the order of the text, local ones included."""
    found: list[Head] = []
    waiting: list[tuple[SyntaxNode, str, bool]] = [(syntax.tree.root_node, "", False)]
    while waiting and len(found) < MAX_HEADS:
        node, container, is_local = waiting.pop()
        head = _head(syntax, node, container, is_local, language)
        if head is not None:
            found.append(head)
            is_local = is_local or not head.is_class
            container = head.qualified if head.is_class else container
        elif node.type == "impl_item":
            container = text_of(syntax, node.child_by_field_name("type")).partition("<")[0]
        inner = (child for child in reversed(node.named_children) if child.child_count and child.type not in _NO_HEADS)
        waiting.extend((child, container, is_local) for child in inner)
    return found


def text_of(syntax: SyntaxTree, node: SyntaxNode | None) -> str:
    """The source of a node, "" for none."""
    return syntax.source[node.start_byte : node.end_byte].decode("utf-8", "replace") if node is not None else ""


def _head(syntax: SyntaxTree, node: SyntaxNode, container: str, is_local: bool, language: str) -> Head | None:
    name, function = node.child_by_field_name("name"), node
    if node.type == "variable_declarator" and language not in ("python", "go", "java", "rust"):
        value = node.child_by_field_name("value")
        if value is None or value.type not in _ASSIGNED:
            return None
        function = value
    elif node.type not in FUNCTIONS and (node.type not in CLASSES or node.type == "impl_item"):
        return None
    if name is None:
        return None
    is_class = node.type in CLASSES
    listed = function.child_by_field_name("parameters")
    if not is_class and listed is None:
        return None
    if node.type == "method_declaration" and language == "go":
        container = _receiver_type(syntax, node)
    return Head(
        text_of(syntax, name),
        container,
        parameters_in(syntax, listed, language) if listed is not None and not is_class else (),
        name.start_point.row + 1,
        node,
        tuple(_decorators(syntax, node)),
        is_class,
        is_local,
    )


def parameters_in(syntax: SyntaxTree, listed: SyntaxNode, language: str) -> Parameters:
    """What a list of parameters declares."""
    found: list[Parameter] = []
    for child in listed.named_children:
        if "comment" not in child.type:
            found += _declared(syntax, child)
    return _python_kinds(found) if language == "python" else tuple(found)


def _declared(syntax: SyntaxTree, node: SyntaxNode) -> Iterator[Parameter]:
    """What one node declares: in Go it may be several. `/` and `*` of Python come as parameters of these names."""
    text = text_of(syntax, node)
    if node.type in ("self_parameter", "receiver_parameter"):
        return
    names = node.children_by_field_name("name") or node.children_by_field_name("pattern")
    is_rest = _REST.search(node.type) is not None or any(_REST.search(child.type) for child in node.named_children)
    kind: ParameterKind = "keywords" if is_rest and text.startswith("**") else "rest" if is_rest else "any"
    has_default = node.type in ("optional_parameter", "assignment_pattern") or any(
        node.child_by_field_name(name) is not None for name in ("value", "default_value")
    )
    if node.type in ("positional_separator", "keyword_separator"):
        yield Parameter("/" if node.type == "positional_separator" else "*", "rest")
        return
    for one in names or [node.named_children[0] if node.named_children and node.type != "identifier" else node]:
        name = text_of(syntax, one).lstrip("*.")
        if name != "this":
            yield Parameter(name.partition(":")[0].strip(), kind, has_default)


def _python_kinds(found: list[Parameter]) -> Parameters:
    kinds: list[Parameter] = []
    is_keyword = False
    for item in found:
        if item.name == "/":
            kinds = [Parameter(one.name, "positional", one.has_default) for one in kinds]
        elif item.kind == "rest":
            is_keyword = True
            kinds += [item] if item.name != "*" else []
        else:
            kinds.append(
                Parameter(item.name, "keyword", item.has_default) if is_keyword and item.kind == "any" else item
            )
    return tuple(kinds)


def _decorators(syntax: SyntaxTree, node: SyntaxNode) -> Iterator[str]:
    parent = node.parent
    if parent is not None and parent.type == "decorated_definition":
        yield from (text_of(syntax, child)[1:].strip() for child in parent.named_children if child.type == "decorator")


def _receiver_type(syntax: SyntaxTree, node: SyntaxNode) -> str:
    """Of a method of Go: the type it belongs to."""
    words = re.findall(r"\w+", text_of(syntax, node.child_by_field_name("receiver")).partition("[")[0])
    return words[-1] if words else ""
