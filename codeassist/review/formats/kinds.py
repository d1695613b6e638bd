"""What each kind of finding means, for those who see one for the first time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from codeassist.findings.types import Category


class Kind(NamedTuple):
    """title: what is wrong, in a few words. help: why that matters and what to do."""

    title: str
    help: str


KINDS: Mapping[Category, Kind] = {
    "missing-name": Kind(
        "An imported name does not exist",
        "The module that is imported from is in this repository and does not offer this name, so that the import fails "
        "when the file is loaded. Correct the name, or add it to the module.",
    ),
    "merge-conflict": Kind(
        "A conflict is not resolved",
        "Marks of a merge conflict stand in the file. Decide for one side, and take the marks out.",
    ),
    "stale-call": Kind(
        "A call does not fit the changed signature",
        "The change gives a function other parameters, and here it is still called in the old way. Adapt the call.",
    ),
    "removed-symbol": Kind(
        "Something that was removed is still used",
        "The change removes or renames a definition that code elsewhere still names. Adapt that, or keep the name.",
    ),
    "unstaged-module": Kind(
        "A module is imported that is not staged",
        "The file is in the work tree alone: here everything runs, and who gets the commit lacks it. Stage it, too.",
    ),
    "unused-parameter": Kind(
        "A parameter is never used",
        "The function does not look at what it is given. Use the parameter, or take it out with all its arguments.",
    ),
    "untested-change": Kind(
        "A tested function was changed without its tests",
        "The behaviour of a function was changed, and the tests that name it were not. Make sure that they still say "
        "what it should do.",
    ),
    "secret": Kind(
        "A secret stands in the change",
        "A password, key or token in a repository is known to all who can ever read it, and stays in its history. Take "
        "it out before the commit, and replace it where it was pushed already. Its text is never shown.",
    ),
    "debug-leftover": Kind(
        "Something from debugging was left behind",
        "A breakpoint or an output that was made for debugging stands in the change. Take it out.",
    ),
    "huge-file": Kind(
        "A very large file is added",
        "Git keeps every version of a file for ever, and everybody fetches them. Keep large data elsewhere, or in LFS.",
    ),
    "vulnerability": Kind(
        "A pattern that attackers use",
        "A security analyser knows this pattern as one that can be exploited. Follow what the message says.",
    ),
    "vulnerable-dependency": Kind(
        "A dependency has a known vulnerability",
        "The advisory that the message names tells which versions are affected. Take one that is not.",
    ),
    "surprise": Kind(
        "The completion model expected something else here",
        "Given everything around it, this line is far less likely than another one, which is shown. Such places often "
        "hold a wrong variable, swapped arguments or an operator that is off by one; look whether this one does.",
    ),
    "bug": Kind("A model thinks that this is a fault", "The model says in which case it goes wrong. Check that case."),
    "security": Kind(
        "A model thinks that this can be exploited",
        "The model says how an attacker would come to it. Check whether foreign input gets there.",
    ),
    "performance": Kind(
        "A model thinks that this is slow",
        "The model says what is repeated or too much. Check whether it is on a path that matters.",
    ),
    "maintainability": Kind(
        "A model thinks that this will mislead readers",
        "The model says what contradicts what. Check whether a reader would be led astray.",
    ),
}


def kind_of(category: str) -> Kind:
    """What a category means; of one that is not known, its name says it."""
    known: Mapping[str, Kind] = KINDS  # type: ignore[assignment]
    return known.get(category) or Kind(category.replace("-", " ").capitalize(), "The message says what is wrong.")
