"""Tables of measured figures, read from the committed results so that no document repeats a number by hand."""

from __future__ import annotations

import json
from functools import reduce
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent.parent / "bench" / "results"

LINES = "summary/all_lines/all"
NEEDING = "summary/lines_that_need_another_file/all"
SOUND = "summary/soundness/context"
# What the row says, the result file without its ending, where the figure stands in it.
ROWS = {
    "quality": (
        ("HumanEval-Infilling, single line, pass@1", "humaneval", "summary/single_line/pass@1"),
        ("HumanEval-Infilling, random span (light), pass@1", "humaneval", "summary/random_span/pass@1"),
        ("rest of the line, exact: no context", "quality", f"{LINES}/no context/exact"),
        ("rest of the line, exact: with what the index finds", "quality", f"{LINES}/context/exact"),
        ("rest of the line, exact: with the definitions that the line needs", "quality", f"{LINES}/oracle/exact"),
        ("gain from what the index finds", "quality", f"{LINES}/gains/context/exact"),
        ("lines that need another file, exact: no context", "quality", f"{NEEDING}/no context/exact"),
        ("lines that need another file, exact: with what the index finds", "quality", f"{NEEDING}/context/exact"),
        ("lines that need another file, exact: with the definitions they need", "quality", f"{NEEDING}/oracle/exact"),
        ("gain on such lines from what the index finds", "quality", f"{NEEDING}/gains/context/exact"),
        ("gain on such lines from the definitions they need", "quality", f"{NEEDING}/gains/oracle/exact"),
        ("the surest 30 %, exact", "quality", "summary/surest/30%/exact"),
        ("the surest 50 %, exact", "quality", "summary/surest/50%/exact"),
        ("suggestions that add no syntax error", "quality", f"{SOUND}/parse"),
        ("suggestions with a name that nobody knows", "quality", f"{SOUND}/use_an_unknown_name"),
        ("suggestions that end by themselves", "quality", f"{SOUND}/end_by_themselves"),
        ("first drafts that are accepted", "drafting", "summary/drafts/accepted/1"),
        ("texts that are the same with drafting", "drafting", "summary/same_text"),
    ),
    "curve": (
        *(
            (f"{tokens} M tokens, {mode}", file, f"{LINES}/{mode}/exact")
            for tokens, file in (("1,058", "quality_checkpoint"), ("1,274", "quality_fit"))
            for mode in ("no context", "context")
        ),
    ),
    "summary": (
        ("HumanEval-Infilling, single line: share that passes the tests", "humaneval", "summary/single_line/pass@1"),
        ("rest of the line at random cursors of Python repositories, exact", "quality", f"{LINES}/context/exact"),
        ("the same where the model is surest (30 %)", "quality", "summary/surest/30%/exact"),
        ("suggestions that add no syntax error", "quality", f"{SOUND}/parse"),
        ("code search, NDCG@10 on semble's open queries", "search", "all/fused"),
    ),
    "bodies": (
        *(
            (f"{label}: {meaning}", "repoeval", f"summary/all/{way}/{key}")
            for key, meaning in (
                ("names_spelled", "names from other files that the prompt spells"),
                ("nats_per_token", "surprise by the body, nats a token"),
            )
            for label, way in (
                ("no context", "nothing"), ("full text", "full text"), ("vectors", "vectors"), ("ours", "ours"),
                ("ours without similar code", "ours without similar code"),
                ("ours without definitions", "ours without definitions"),
                ("ours without imports", "ours without imports"),
            )
        ),
        ("gain in names over full text", "repoeval", "summary/all/gain in names over full text"),
        ("nats less than with full text", "repoeval", "summary/all/nats less than full text"),
        ("nats less than without context", "repoeval", "summary/all/nats less than nothing"),
    ),
    "fusion": (
        *(
            (f"{missing}: {label}", "fusion", f"summary/{missing}/{arm}/nats saved")
            for missing in ("rest of line", "block")
            for label, arm in (
                ("as served", "served"), ("in the order by hand that was used before", "by hand"),
                ("full text", "full text"), ("vectors", "vectors"),
            )
        ),
    ),
    "edits": (
        ("rest of the line, exact: what the index finds", "edits", "summary/all/without/exact"),
        ("rest of the line, exact: and what was just edited", "edits", "summary/all/with edits/exact"),
        ("difference", "edits", "summary/all/more_exact"),
        ("likeness of the likest line: what the index finds", "edits", "summary/all/without/likest_line"),
        ("likeness of the likest line: and what was just edited", "edits", "summary/all/with edits/likest_line"),
        ("difference", "edits", "summary/all/likelier"),
    ),
    "bare": (
        *(
            (f"rest of the line, exact, as {client} asks: {label}", "endpoint_context", f"answers/{client}/exact/{arm}")
            for client in ("continue", "llama.vim")
            for label, arm in (
                ("window alone", "window alone"), ("with context", "context"), ("difference", "difference"),
            )
        ),
        ("files that are found are the right ones", "endpoint_context", "locating/all/precision"),
        ("windows of indexed files whose file is found", "endpoint_context", "locating/all/recall"),
        (
            "windows of other files for which none is found",
            "endpoint_context", "locating/all/no_file_for_files_not_indexed",
        ),
    ),
    "languages": (
        *(
            (f"{label}: {mode}", "quality_languages", f"summary/all_lines/{name}/{mode}/exact")
            for label, name in (
                ("Go", "go"), ("Rust", "rust"), ("Java", "java"), ("TypeScript", "typescript"),
                ("JavaScript", "javascript"), ("C++", "cpp"), ("C", "c"),
            )
            for mode in ("no context", "context")
        ),
    ),
}  # fmt: skip


def table(name: str) -> str:
    """A Markdown table of the figures with their 95 % intervals. Raises KeyError for one that was not measured."""
    lines = [f"| {label} | {figure(file, path)} |" for label, file, path in ROWS[name]]
    return "\n".join(["| | n | figure, 95 % interval |", "|---|---|---|", *lines])


def figure(file: str, path: str) -> str:
    """Number of cases, and the figure with its interval."""
    result: Any = json.loads((RESULTS / f"{file}.json").read_text(encoding="utf-8"))
    found = reduce(lambda inner, key: inner[key], path.split("/"), result)
    if "ndcg@10" in found:
        low, high = found["interval_95"]
        found = {"n": found["queries"], "mean": found["ndcg@10"], "low": low, "high": high}
    sign = "+" if "gain" in found else ""
    value, low, high = (format(found.get(key), f"{sign}.3f") for key in ("gain" if sign else "mean", "low", "high"))
    return f"{found['n']:,} | {value} [{low}, {high}]"


def cold_indexes() -> str:
    """A Markdown table of cold indexes, ours and those of other tools, in the order of the result."""
    result: Any = json.loads((RESULTS / "index_cold.json").read_text(encoding="utf-8"))
    rows = [
        f"| {tool} | {found['makes']} | {_middle(found['files_of_4kb_per_cpu_second']):,.0f}"
        f" | {_middle(found['files_per_s']):,.0f} | {_middle(found['peak_mb']):,.0f}"
        f" | {_middle(found['index_bytes_per_source_byte']):.2f} |"
        for tool, found in result["tools"].items()
    ]
    head = "| | makes | files of 4 kB, a second of processor time | files a second | peak MB | bytes a source byte |"
    return "\n".join([head, "|---|---|---|---|---|---|", *rows])


# What the row says, where the figure stands in a result of `bench.editor replay`, and how it is told.
_TYPING = (
    ("keys", "keys", "count"),
    ("from key to ghost text, ms (median, p95)", "key_to_ghost_ms", "tail"),
    ("from request to ghost text, ms (median, p95)", "request_to_ghost_ms", "tail"),
    ("of that all but the engine, ms (median, p95)", "overhead_ms", "tail"),
    ("keys with ghost text", "keys_with_ghost", "share"),
    ("first line of what appeared as the commit has it", "first_line_right", "share"),
    ("what appeared and was accepted", "accepted", "share"),
    ("characters that suggestions typed", "characters_saved", "share"),
    ("keys saved", "keys_saved", "share"),
    ("answers that say otherwise than what is typed along", "flicker/share", "share"),
    ("gone within 250 ms, unread", "stood/gone_unread", "share"),
    ("generations for 100 keys", "generations/started_per_100_keys", "count"),
    ("generations of which nothing was shown", "generations/wasted_share", "ratio"),
)


def typing() -> str:
    """A Markdown table of typing in an editor: a column for each user and way."""
    result: Any = json.loads((RESULTS / "editor_replay.json").read_text(encoding="utf-8"))
    columns = {name: found["all"] for name, found in result["summary"].items()}
    return "\n".join([f"| | {' | '.join(columns)} |", "|---|" + "---|" * len(columns), *_rows(columns, _TYPING)])


# The same for a result of `bench.editor next-edit`.
_NEXT_EDITS = (
    ("commits", "commits", "count"),
    ("hunks", "hunks", "count"),
    ("offers", "offers", "count"),
    ("offers that are right", "precision", "share"),
    ("offers whose lines stand there so in the commit", "exact", "share"),
    ("offers at places that the commit leaves alone", "left_alone", "share"),
    ("hunks that repeat an earlier one, with a right offer", "recall/repeated hunks", "share"),
    ("of those that repeat one of another file alone", "recall/repeated from another file alone", "share"),
    ("all hunks, with a right offer", "recall/all hunks", "share"),
    ("a question, ms (median, p95)", "ms", "tail"),
)


def next_edits() -> str:
    """A Markdown table of next edits: a column for all repositories with and without a limit, and for each with it."""
    result: Any = json.loads((RESULTS / "editor_next_edit.json").read_text(encoding="utf-8"))
    product, unlimited = result["summary"]["product"], result["summary"]["no limit"]
    columns = {"all": product["all"], "all, without a time limit": unlimited["all"], **product}
    head = [f"| | {' | '.join(columns)} |", "|---|" + "---|" * len(columns)]
    found = product["all"]
    groups = [(name, each) for part in ("by_place", "by_rule") for name, each in found[part].items()]
    rows = _rows(columns, _NEXT_EDITS)
    parts = [f"| {label} | {each['offers']:,} | {_told(each['precision'], 'share')} |" for label, each in groups]
    return "\n".join([*head, *rows, "", "| | offers | right |", "|---|---|---|", *parts])


def _rows(columns: dict[str, Any], rows: tuple[tuple[str, str, str], ...]) -> list[str]:
    return [
        f"| {label} | {' | '.join(_told(reduce(_inner, path.split('/'), found), form) for found in columns.values())} |"
        for label, path, form in rows
    ]


def _inner(found: Any, key: str) -> Any:
    return found[key]


def _told(found: Any, form: str) -> str:
    """A figure in words of its form; nothing was measured where there is none."""
    if form == "tail":
        return f"{found['median']:,.0f}, {found['p95']:,.0f}" if found["n"] else "-"
    if form == "share" and found["mean"] is not None:
        return f"{found['mean']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"
    return "-" if found is None or form == "share" else f"{found:,}" if form == "count" else f"{found:.2f}"


def _middle(found: Any) -> float:
    """A figure, or the median of several."""
    return float(found["median"] if isinstance(found, dict) else found)
