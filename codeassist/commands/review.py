"""`codeassist review`."""

from __future__ import annotations

import typer

from codeassist.commands.front import front_of
from codeassist.commands.options import AsJson, Overrides, WorkspaceArgument
from codeassist.commands.review_options import (
    AllFiles,
    BaselineOption,
    Diff,
    Dismiss,
    FailOnOption,
    Format,
    FormatOption,
    MaxSeconds,
    NoPass,
    Output,
    Passes,
    PatchOption,
    Range,
    Staged,
    StartEngine,
    WorkTree,
    WriteBaseline,
)


def review(
    context: typer.Context, path: WorkspaceArgument = None,
    staged: Staged = False, work_tree: WorkTree = False, revisions: Range = None, diff: Diff = None,
    all_files: AllFiles = False,
    passes: Passes = None, no_pass: NoPass = None, max_seconds: MaxSeconds = None, start_engine: StartEngine = None,
    output_format: FormatOption = Format.TEXT, as_json: AsJson = False, output: Output = None,
    patch: PatchOption = False, fail_on: FailOnOption = None,
    baseline: BaselineOption = None, write_baseline: WriteBaseline = False, dismiss: Dismiss = None,
    overrides: Overrides = None,
) -> None:  # fmt: skip
    """Find what is wrong with a change before it is committed. Your files stay as they are.

    Exit code 1: a finding as grave as --fail-on says. 2: asked wrongly. Else 0, even if there is no review to be had.

    [bold]Examples[/bold]

      codeassist review                               what is staged

      codeassist review --range main...HEAD           what a branch has changed since it left main

      gh pr diff 12 | codeassist review --diff -      a pull request

      codeassist review --patch | git apply           take the remedies over

      codeassist review --dismiss 3f2a                say no more of one finding
    """
    from codeassist.commands.review_run import Options, run

    given = {"--staged": staged, "--worktree": work_tree, "--range": revisions, "--diff": diff}
    given |= {"--all-files": all_files}
    if as_json and output_format not in (Format.TEXT, Format.JSON):
        raise typer.BadParameter(f"--json and --format {output_format.value} are two forms; ask for one")
    shown = Format.JSON if as_json else output_format
    options = Options(path, given, passes, no_pass, max_seconds, start_engine, shown, output, patch, fail_on, baseline,
                      write_baseline, dismiss, overrides)  # fmt: skip
    raise typer.Exit(run(front_of(context), options))
