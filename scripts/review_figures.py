"""Tables of what `bench.review` measured, for bench/README.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent.parent / "bench" / "results"
_PASSES = {
    "static": "static facts",
    "vulnerabilities": "vulnerabilities",
    "surprise": "surprise",
    "together": "these together",
    "ruff": "ruff (pyflakes, bugbear, pylint's errors and warnings)",
    "bandit": "bandit, as it comes",
}


def faults() -> str:
    """What the surprise pass makes of faults put into held-out code, by kind, with and without context."""
    arms = _read("review_injected")["arms"]
    rows = [
        "| fault | n | faulty line first | among three | AUC by function | AUC by line | told | precision |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for arm, kinds in arms.items():
        for kind, found in kinds.items():
            if not isinstance(found, dict) or "top_1" not in found or (kind != "all" and arm != "with context"):
                continue
            label = f"all, {arm}" if kind == "all" else kind
            keys = ("top_1", "top_3", "auc_case", "auc_line", "recall", "precision")
            rows.append(f"| {label} | {found['top_1']['n']} | {' | '.join(_figure(found[key]) for key in keys)} |")
    return "\n".join(rows)


def stale_calls() -> str:
    """Precision and recall of the places that a changed signature leaves behind."""
    found = _read("review_signatures")["all"]
    rows = ["| change | places | precision | recall |", "|---|---|---|---|"]
    for kind, one in found.items():
        rows.append(f"| {kind} | {one['n_places']} | {_figure(one['precision'])} | {_figure(one['recall'])} |")
    return "\n".join(rows)


def bugs() -> str:
    """Recall and false alarms on the diffs that brought real bugs, and on their fixes."""
    found = _read("review_bugs")["figures"]
    rows = ["| | bugs found | fixes with a false alarm |", "|---|---|---|"]
    for name, one in found.items():
        label = _PASSES.get(name, name)
        rows.append(f"| {label} | {_figure(one['recall'])} | {_figure(one['fixes_with_a_false_alarm'])} |")
    return "\n".join(rows)


def silence() -> str:
    """Shares of accepted commits of which a review without a model says more than notes, and how much it says."""
    found = _read("review_silence")
    rows = ["| commits of | number | with an error or warning | errors and warnings per commit |", "|---|---|---|---|"]
    for name, one in {**found["repositories"], "all": found["all"]}.items():
        shares = f"{_small(one['loud_commits'])} | {_small(one['errors_and_warnings_per_commit'])}"
        rows.append(f"| {name} | {one['commits']} | {shares} |")
    return "\n".join(rows)


def times() -> str:
    """Medians in milliseconds, the slowest of ten in parentheses."""
    found = _read("review_timing")
    review, nothing, commit = found["review"], found["nothing"], found["commits"]["ms"]
    first = found["pre_commit_first_run"]
    rows = [
        ("a review by the passes 1 to 3 through `codeassist serve`", review["report_ms"]),
        *((f"of it, {_PASSES[name]}", one) for name, one in review["passes_ms"].items()),
        ("the hook where nothing is found, those passes", nothing["all"]),
        ("the hook where nothing is found, without the surprise pass", nothing["model_free"]),
        ("`git commit` without a hook", commit["without_hook"]),
        ("with the plain hook", commit["plain_hook"]),
        ("under pre-commit, a hook that does nothing", commit["pre_commit_with_nothing"]),
        ("under pre-commit, this one", commit["pre_commit"]),
    ]
    lines = ["| | ms |", "|---|---|", *(f"| {label} | {one['median']:.0f} ({one['p90']:.0f}) |" for label, one in rows)]
    if first:
        label = f"pre-commit's first run, an environment of {_read('review_environment')['megabytes']:.0f} MB"
        lines.append(f"| {label} | {first['install_s'] * 1e3:.0f} |")
    return "\n".join(lines)


def scoring() -> str:
    """Least milliseconds in which the end of a prompt is scored, with 5 alternatives for each token."""
    rows = _read("scoring")["rows"]
    lines = ["| tokens of the prompt | scored | a new prompt, ms | another end, ms |", "|---|---|---|---|"]
    for new in rows:
        if new["prompt"] != "new" or new.get("top", 5) != 5:
            continue
        of_other = {**new, "prompt": "other_end"}
        keys = ("prompt_tokens", "scored", "top", "prompt")
        other = next((row for row in rows if all(row.get(key) == of_other.get(key) for key in keys)), None)
        scored = new.get("scored", "none: one token is written")
        lines.append(
            f"| {new['prompt_tokens']} | {scored} | {new['least_ms']} | {other['least_ms'] if other else ''} |"
        )
    return "\n".join(lines)


def beside() -> str:
    """Milliseconds of completions alone and while a review runs."""
    found = _read("review_beside")
    rows = [("alone", found["alone_ms"]), ("while the same server reviews a change", found["beside_ms"])]
    lines = ["| completions | n | median, ms | p90 | p95 |", "|---|---|---|---|---|"]
    for label, one in rows:
        lines.append(f"| {label} | {one['n']} | {one['median']:.0f} | {one['p90']:.0f} | {one['p95']:.0f} |")
    return "\n".join(lines)


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def _small(found: dict[str, Any]) -> str:
    return f"{found['mean']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"


def _figure(found: dict[str, Any]) -> str:
    if found["mean"] is None:
        return "none told"
    return f"{found['mean']:.2f} [{found['low']:.2f}, {found['high']:.2f}]"
