"""Which passes there are."""

from __future__ import annotations

from collections.abc import Mapping

from codeassist.review.passes.static import static_pass
from codeassist.review.passes.surprise import surprise_pass
from codeassist.review.passes.types import Pass, PassName

PASSES: Mapping[PassName, Pass] = {
    "static": static_pass,
    "surprise": surprise_pass,
}
