"""Typing in an editor, measured from outside.

    python -m bench.editor replay REPOSITORY... [--way completion.debounce_ms=0 ...]     editor_replay.json
    python -m bench.editor endurance REPOSITORY [--keys 10000]                          editor_endurance.json
    python -m bench.editor next-edit REPOSITORY... [--commits 100]                      editor_next_edit.json

`replay` types commits of real repositories into the real server at a person's pace; `endurance` types on and on;
`next-edit` makes commits hunk by hunk and asks for the next edit after each. The repositories for figures are
docker-py, werkzeug and python-prompt-toolkit; what is tuned is tuned on others (poetry, trl, streamlink; for next edits
celery and sphinx, too). See bench/README.md.
"""

from __future__ import annotations

import argparse
import json
import sys

from bench.editor import endurance, next_edit, replay
from bench.measuring import RESULTS, provenance
from bench.quality import report
from bench.quality.serving import settings_of


def command_line() -> argparse.ArgumentParser:
    """What each program registers."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.editor", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, dest="what")
    for module in (replay, endurance, next_edit):
        module.register(commands)
    return parser


def main() -> None:
    """Measure one thing and write its file: figures, and a line for each row."""
    arguments = command_line().parse_args()
    figures, rows = arguments.measure(arguments)
    head = {
        **provenance("editor"),
        "command": report.command(sys.argv[1:], "bench.editor"),
        **({"model": report.model_card(settings_of(arguments))} if hasattr(arguments, "option") else {}),
        **figures,
    }
    target = arguments.out or RESULTS / f"editor_{arguments.what.replace('-', '_')}.json"
    lines = ",\n".join(f"  {json.dumps(row)}" for row in rows)
    text = f'{json.dumps(head, indent=1)[:-2]},\n "results": [\n{lines}\n ]\n}}\n'
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    print(json.dumps(figures, indent=1))
    print(f"written to {target}", file=sys.stderr)


if __name__ == "__main__":
    main()
