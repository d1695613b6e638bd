"""How much of a text is still there. Pure."""

from __future__ import annotations

# A suggestion has some hundred characters; a longer text is compared by its beginning, so that no pair takes long.
MAX_CHARACTERS = 4000


def share_changed(accepted: str, now: str) -> float:
    """Levenshtein distance by the length of the longer text: 0 is unchanged, 1 is gone."""
    accepted, now = accepted[:MAX_CHARACTERS], now[:MAX_CHARACTERS]
    longer = max(len(accepted), len(now))
    return levenshtein(accepted, now) / longer if longer else 0.0


def levenshtein(first: str, second: str) -> int:
    """Least number of single characters to insert, delete or replace.

    The bits of one large integer are a column of the usual table: Myers, "A fast bit-vector algorithm for approximate
    string matching" (1999), in the form for whole strings of Hyyrö, "Explaining and extending it" (2001).
    """
    if not first or not second:
        return len(first) + len(second)
    places = dict.fromkeys(first, 0)
    for index, character in enumerate(first):
        places[character] |= 1 << index
    every, last = (1 << len(first)) - 1, 1 << (len(first) - 1)
    higher, lower, distance = every, 0, len(first)
    for character in second:
        same = places.get(character, 0)
        diagonal = (((same & higher) + higher) ^ higher) | same | lower
        up, down = lower | ~(diagonal | higher) & every, diagonal & higher
        distance += bool(up & last) - bool(down & last)
        up, down = (up << 1 | 1) & every, down << 1 & every
        higher, lower = down | ~(diagonal | up) & every, up & diagonal
    return distance
