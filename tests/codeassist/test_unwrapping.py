from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from codeassist.fim import TEMPLATES, prompt_text, render_fim
from codeassist.fim_dialects import FAMILIES
from codeassist.types import Snippet
from codeassist.unwrapping import Unwrapped, unwrap, unwrap_gap, without_sentinels
from codeassist.window import Window

Wrap = Callable[[str, str], str]


def pattern(form: str) -> Wrap:
    """P stands for the prefix, S for the suffix."""
    return lambda prefix, suffix: "".join({"P": prefix, "S": suffix}.get(part, part) for part in form.split("~"))


# How clients render a prefix and a suffix.
WRAPS: dict[str, Wrap] = {
    **{f"{known.begin} first": pattern(f"{known.begin}~P~{known.hole}~S~{known.end}") for known in FAMILIES},
    **{f"{known.hole} first": pattern(f"{known.hole}~S~{known.begin}~P~{known.end}") for known in FAMILIES},
    **{f"{known.end} in between": pattern(f"{known.begin}{known.hole}~S~{known.end}~P") for known in FAMILIES},
    "codellama": pattern("<PRE> ~P~ <SUF>~S~ <MID>"),
    "codellama, suffix first": pattern("<PRE> <SUF>~S~ <MID> ~P"),
    "codellama, as its tokens are": pattern("<s>▁<PRE>~P~▁<SUF>~S~▁<MID>"),
    "codestral": pattern("<s>[SUFFIX]~S~[PREFIX]~P"),
    "deepseek with its opening": pattern("<｜begin▁of▁sentence｜><｜fim▁begin｜>~P~<｜fim▁hole｜>~S~<｜fim▁end｜>"),
    "ours": lambda p, s: f"<｜fim▁begin｜>{p[: len(p) // 2]}<｜fim▁hole｜>{s}<｜fim▁end｜>{p[len(p) // 2 :]}",
}

ALPHABET = [
    *"ab \n\t()<>|[]#/+\"'é",
    "def f(x):\n",
    "    return ",
    "<PR",
    "<|fim",
    "+++++",
    "\r\n",
    "😀",
    "| fim_prefix |",
]


def texts(seed: int) -> tuple[str, str]:
    """A prefix that no header stands in front of, and a suffix."""
    chance = random.Random(seed)
    prefix, suffix = ("".join(chance.choices(ALPHABET, k=chance.randrange(40))) for _ in range(2))
    return f"x{prefix}", suffix


@pytest.mark.parametrize("name", WRAPS)
def test_what_is_wrapped_comes_back(name: str) -> None:
    for seed in range(300):
        prefix, suffix = texts(seed)
        found = unwrap(WRAPS[name](prefix, suffix))
        assert found is not None
        assert (found.prefix, found.suffix, found.snippets) == (prefix, suffix, ())


@pytest.mark.parametrize("name", WRAPS)
def test_an_empty_prefix_or_suffix_comes_back_empty(name: str) -> None:
    found = unwrap(WRAPS[name]("x = ", ""))
    assert found is not None
    assert (found.prefix, found.suffix) == ("x = ", "")
    found = unwrap(WRAPS[name]("", "\n"))
    assert found is not None
    assert (found.prefix, found.suffix) == ("", "\n")


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_of_ours_is_a_dialect(name: str) -> None:
    template = TEMPLATES[name]
    window = Window("", "", 0, 1, 2, ("above\n",), "left", "below", ())
    found = unwrap(template.bos + prompt_text(render_fim(template, window, (), heal_at=4), template))
    assert found is not None
    assert (found.prefix, found.suffix) == ("above\nleft", "below")


SNIPPETS = (Snippet("util/shapes.py", "class Circle:\n    pass"), Snippet("b.py", "b = 1"))


def qwen(prefix: str, suffix: str) -> str:
    files = "".join(f"<|file_sep|>{snippet.path}\n{snippet.text}\n" for snippet in SNIPPETS)
    return (
        f"<|repo_name|>mine\n{files}<|file_sep|>app/main.py\n<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>"
    )


def starcoder2(prefix: str, suffix: str) -> str:
    files = "".join(f"<file_sep>{snippet.path}\n{snippet.text}\n" for snippet in SNIPPETS)
    return f"<repo_name>mine{files}<file_sep><fim_prefix>app/main.py\n{prefix}<fim_suffix>{suffix}<fim_middle>"


def starcoder(prefix: str, suffix: str) -> str:
    files = "".join(f"<filename>{snippet.path}<gh_stars>10-100\n{snippet.text}\n" for snippet in SNIPPETS)
    return f"<fim_prefix><reponame>mine{files}<filename>app/main.py\n{prefix}<fim_suffix>{suffix}<fim_middle>"


def codegemma(prefix: str, suffix: str) -> str:
    files = "".join(f"<|file_separator|>{snippet.path}\n{snippet.text}" for snippet in SNIPPETS)
    head = f"{files}<|file_separator|>app/main.py\n"
    return f"{head}<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>"


def blocks(prefix: str) -> str:
    return (
        "".join(f"+++++ {snippet.path} \n{snippet.text}\n\n" for snippet in SNIPPETS) + f"+++++ app/main.py\n{prefix}"
    )


def commented(prefix: str, leader: str = "#", path: str = "app/main.py") -> str:
    """As Continue renders snippets for models whose prompts have no place for them."""
    pieces = [f"Path: {snippet.path}\n{snippet.text}" for snippet in SNIPPETS]
    lines = "\n".join(f"{leader} {line}" for piece in pieces for line in piece.split("\n"))
    return f"{lines}\n{leader} {path}\n{prefix}"


def bare(prefix: str) -> str:
    return "".join(f"# Path: {snippet.path}\n{snippet.text}\n" for snippet in SNIPPETS) + f"# app/main.py\n{prefix}"


@pytest.mark.parametrize(
    "wrap",
    [
        qwen,
        starcoder2,
        starcoder,
        codegemma,
        lambda prefix, suffix: f"[SUFFIX]{suffix}[PREFIX]{blocks(prefix)}",
        lambda prefix, suffix: f"<fim_prefix>{commented(prefix)}<fim_suffix>{suffix}<fim_middle>",
        lambda prefix, suffix: f"<｜fim▁begin｜>{bare(prefix)}<｜fim▁hole｜>{suffix}<｜fim▁end｜>",
    ],
    ids=["qwen", "starcoder2", "starcoder", "codegemma", "codestral", "comments", "bare"],
)
def test_snippets_and_paths_come_back_too(wrap: Wrap) -> None:
    for seed in range(100):
        prefix, suffix = texts(seed)
        found = unwrap(wrap(prefix, suffix))
        assert found is not None
        assert (found.prefix, found.suffix) == (prefix, suffix)
        assert (found.path, found.language, found.snippets) == ("app/main.py", "python", SNIPPETS)


@pytest.mark.parametrize("rendered", [commented, bare, blocks, lambda prefix: blocks(f"[PREFIX]{prefix}")])
def test_a_prefix_that_comes_with_a_suffix_is_sorted_out_too(rendered: Callable[[str], str]) -> None:
    found = unwrap_gap(rendered("import math\nx = "), "\n")
    assert found == Unwrapped("import math\nx = ", "\n", "app/main.py", "python", SNIPPETS)


def test_the_mark_that_continue_puts_between_other_files_and_the_prefix_is_known() -> None:
    mark = "<|system_separator_istruction_repository_level|>"
    found = unwrap_gap(f"<|repo_name|>r\n<|file_sep|>b.py\nb = 1\n<|file_sep|>app/main.py{mark}x = ", "\n")
    assert found == Unwrapped("x = ", "\n", "app/main.py", "python", SNIPPETS[1:], "qwen")


@pytest.mark.parametrize(
    ("leader", "path", "language"),
    [("#", "a.rb", "ruby"), ("//", "src/a.ts", "typescript"), ("--", "Main.hs", ""), (";", "core.clj", "")],
)
def test_each_language_has_its_comments(leader: str, path: str, language: str) -> None:
    found = unwrap_gap(commented("x\n", leader, path), "")
    assert (found.prefix, found.path, found.language, found.snippets) == ("x\n", path, language, SNIPPETS)


def test_a_difference_among_the_snippets_is_one_without_a_path() -> None:
    difference = "diff --git a/x.py b/x.py\n-old\n+new"
    lines = "".join(f"# {line}\n" for line in ["Path: b.py", "b = 1", *difference.split("\n")])
    found = unwrap_gap(f"{lines}# a.py\nx", "")
    assert found.snippets == (Snippet("b.py", "b = 1"), Snippet("", difference))


def test_comments_of_the_file_itself_stay_in_it() -> None:
    found = unwrap_gap("\n# app/main.py\n# b.py\n# Licence: none\nx", "")
    assert (found.path, found.prefix) == ("app/main.py", "# b.py\n# Licence: none\nx")


def test_the_language_that_minuet_tells_is_taken_off() -> None:
    found = unwrap_gap("// language: typescript\n// indentation: use 2 spaces for a tab\nlet x", ";\n")
    assert found == Unwrapped("let x", ";\n", language="typescript")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "def add(a, b):\n    return ",
        "raw <｜fim▁begin｜> text",
        'PREFIX, SUFFIX, MIDDLE = "<fim_prefix>", "<fim_suffix>", "<fim_middle>"\n',
        "prompt = f'<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>'\n",
        "<fim_prefix>only a beginning",
        "<|fim_prefix|>a<|fim_suffix|>b",
        "<|fim_suffix|>a<|fim_middle|>b<|fim_prefix|>",
        "<PRE> nothing more",
        "[PREFIX]a[SUFFIX]b",
        "see [SUFFIX] and [PREFIX]",
        "<|im_start|>user\n<|fim_prefix|>a<|fim_suffix|>b<|fim_middle|><|im_end|>",
        "<fim_prefix>a<fim_suffix>b<fim_suffix>c<fim_middle>",
        "<|file_sep|>a.py\ntext without a gap",
    ],
)
def test_a_text_without_the_whole_structure_is_no_rendered_prompt(text: str) -> None:
    assert unwrap(text) is None


@pytest.mark.parametrize(
    "prefix",
    [
        "# Path to the data\nx",
        "# Path: a.py\n# goes on and on\nand ends in code",
        "# see util.py\nx",
        "\n# Licence\n# a.py\nx",
        "+++++ no path here()\nx",
        "// Path: a.ts\nbare code without an end",
        "# a.py\nx",
        "# language: python\nx",
    ],
)
def test_a_prefix_with_no_known_header_stays_as_it_is(prefix: str) -> None:
    assert unwrap_gap(prefix, "s") == Unwrapped(prefix, "s")


def test_a_tokenizer_that_is_edited_is_told_from_the_marks_around_it() -> None:
    prefix = 'BEGIN = "<fim_prefix>"\nHOLE = "<fim_suffix>"\nEND = '
    suffix = '\nprint("<fim_middle>")\n'
    found = unwrap(f"<fim_prefix>{prefix}<fim_suffix>{suffix}<fim_middle>")
    assert found is not None
    assert (found.prefix, found.suffix) == (prefix, suffix)


HOSTILE = {
    "begins": "<fim_prefix>",
    "files": "<|file_sep|>",
    "paths": "# Path: a.py\n",
    "comments": "# x\n",
    "blocks": "+++++ a.py\n",
    "blanks": " ",
    "lines": "\n",
    "slashes": "a/",
    "mixed": "<PRE> <SUF> <MID> [SUFFIX][PREFIX]",
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("opening", ["", "<fim_prefix>", "<|file_sep|>", "# Path: a.py\n", "+++++ a.py\n", "[SUFFIX]"])
@pytest.mark.parametrize("piece", HOSTILE.values(), ids=list(HOSTILE))
def test_hostile_texts_end(opening: str, piece: str) -> None:
    """Two megabytes: milliseconds, where work by the square of that would take hours."""
    text = opening + piece * (2_000_000 // len(piece))
    unwrap(text)
    assert len(unwrap_gap(text, "").snippets) <= 256


def test_stops_that_are_marks_of_other_models_are_dropped() -> None:
    stops = ["<fim_prefix>", "<|endoftext|>", "/src/", "```", "<|im_end|>", "[PREFIX]", "\n+++++ ", "/src/"]
    assert without_sentinels(stops) == ("/src/", "```", "\n+++++ ")
    assert without_sentinels(stops, kept=("<|endoftext|>",)) == ("<|endoftext|>", "/src/", "```", "\n+++++ ")
