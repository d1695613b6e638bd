"""Which passes there are."""

from __future__ import annotations

from collections.abc import Mapping

from codeassist.review.passes.model import model_review_pass
from codeassist.review.passes.static import static_pass
from codeassist.review.passes.surprise import surprise_pass
from codeassist.review.passes.types import Pass, PassName
from codeassist.review.passes.vulnerabilities import vulnerabilities_pass

PASSES: Mapping[PassName, Pass] = {
    "static": static_pass,
    "vulnerabilities": vulnerabilities_pass,
    "surprise": surprise_pass,
    "model": model_review_pass,
}
