from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from codeassist.doctor.toml_edit import given_settings, with_settings
from codeassist.doctor.writing import plan_changes, write_plan
from codeassist.errors import ConfigError

EDITS: list[tuple[str, dict[str, Any], str]] = [
    ("", {"engine.model": "lite"}, '[engine]\nmodel = "lite"\n'),
    ("# mine\n", {"engine.tensor_parallel": 2}, "# mine\n\n[engine]\ntensor_parallel = 2\n"),
    (
        '# mine\n[engine]\nmodel = "old"  # a "#" in a comment\nthreads = 4\n\n[log]\nlevel = "info"\n',
        {"engine.model": "lite", "engine.quantization": "fp8"},
        '# mine\n[engine]\nmodel = "lite"  # a "#" in a comment\nthreads = 4\nquantization = "fp8"\n'
        '\n[log]\nlevel = "info"\n',
    ),
    ('[engine]\nmodel = "a#b" # c\n', {"engine.model": "d#e"}, '[engine]\nmodel = "d#e"  # c\n'),
    ('[log]\nlevel = "info"\n', {"engine.model": "x"}, '[log]\nlevel = "info"\n\n[engine]\nmodel = "x"\n'),
    ('engine.model = "old"\n', {"engine.model": "new"}, 'engine.model = "new"\n'),
    ('[ engine ]\n  model="old"\n', {"engine.model": "new"}, '[ engine ]\n  model= "new"\n'),
    ("[engine]\n\n[log]\n", {"engine.model": "new"}, '[engine]\nmodel = "new"\n\n[log]\n'),
    (
        '[chat]\nmodel = "other"\n[engine]\nmodel = "old"\n',
        {"engine.model": "new"},
        '[chat]\nmodel = "other"\n[engine]\nmodel = "new"\n',
    ),
    (
        '[engine]\nkind = "auto"\n# of the log\n[log]\n',
        {"engine.model": "new"},
        '[engine]\nkind = "auto"\nmodel = "new"\n# of the log\n[log]\n',
    ),
    ("[engine]\nthreads = 2", {"engine.model": 'a "quoted" ü'}, '[engine]\nthreads = 2\nmodel = "a \\"quoted\\" ü"\n'),
]


@pytest.mark.parametrize(("before", "settings", "after"), EDITS)
def test_settings_are_changed_and_all_else_stays(before: str, settings: dict[str, Any], after: str) -> None:
    assert with_settings(before, settings) == after
    assert given_settings(after) == given_settings(before) | settings
    assert with_settings(after, settings) == after


@pytest.mark.parametrize(
    "text",
    [
        'engine = {model = "old"}\n',
        '[engine]\nmodel = """\nold"""\n',
        'exclude = """\n[engine]\nmodel = "no"\n"""\n',
        'engine.kind = "auto"\n',
    ],
)
def test_what_cannot_be_edited_safely_is_left_with_what_to_put_in(text: str) -> None:
    with pytest.raises(ConfigError, match=r'put this into it: engine\.model = "new"'):
        with_settings(text, {"engine.model": "new"})


def test_nothing_that_toml_forbids_is_made_of_a_file() -> None:
    """Whatever is written can be read, and says what was wanted."""
    for before, settings, _ in EDITS:
        tomllib.loads(with_settings(before, settings))


def test_defaults_that_nobody_wrote_need_no_line(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    wanted = {"engine.model": "lite", "engine.quantization": "", "engine.tensor_parallel": 1}
    plan = plan_changes(file, wanted)
    assert [(change.name, change.before, change.after) for change in plan.changes] == [("engine.model", None, "lite")]
    file.write_text('[engine]\nquantization = "fp8"\n')
    plan = plan_changes(file, wanted)
    assert [change.name for change in plan.own] == ["engine.quantization"]
    assert plan.own[0].line == 'engine.quantization = ""   (was "fp8")'


def test_a_file_that_says_so_already_is_not_changed(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[engine]\nmodel = "lite" # mine\n')
    plan = plan_changes(file, {"engine.model": "lite"})
    assert (plan.changes, plan.own) == ((), ())


def test_the_file_is_made_with_its_folders_and_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "a/b/config.toml"
    write_plan(plan_changes(file, {"engine.model": "lite"}))
    assert file.read_text() == '[engine]\nmodel = "lite"\n'
    file.chmod(0o600)
    write_plan(plan_changes(file, {"engine.model": "other"}))
    assert file.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in file.parent.iterdir()] == ["config.toml"]


def test_a_link_to_the_file_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "dotfiles.toml", tmp_path / "config.toml"
    real.write_text("# kept elsewhere\n")
    link.symlink_to(real)
    write_plan(plan_changes(link, {"engine.model": "lite"}))
    assert link.is_symlink()
    assert real.read_text() == '# kept elsewhere\n\n[engine]\nmodel = "lite"\n'


def test_broken_files_are_named(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("engine = [")
    with pytest.raises(ConfigError, match="not valid TOML"):
        plan_changes(file, {"engine.model": "lite"})
    file.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="not UTF-8"):
        plan_changes(file, {"engine.model": "lite"})
    file.unlink()
    file.mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        plan_changes(file, {"engine.model": "lite"})


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file where a folder should be")
    plan = plan_changes(tmp_path / "elsewhere/config.toml", {"engine.model": "lite"})
    (tmp_path / "elsewhere").symlink_to(tmp_path / "config")
    with pytest.raises(ConfigError, match="cannot be written"):
        write_plan(plan)


def test_line_ends_stay_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(b'# mine\r\n[engine]\r\nmodel = "old"\r\n')
    write_plan(plan_changes(file, {"engine.model": "lite"}))
    assert file.read_bytes() == b'# mine\r\n[engine]\r\nmodel = "lite"\r\n'


@pytest.mark.parametrize("letter", ["\u2028", "\u2029", "\x85"])
def test_what_is_no_line_end_in_toml_ends_no_comment(letter: str) -> None:
    before = f'# a{letter}threads = 9\n[engine]\nmodel = "old"\n'
    assert with_settings(before, {"engine.model": "new"}) == before.replace("old", "new")


def test_keys_in_the_file_are_at_no_time_for_others_to_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also not in the file that takes its place, and what lies where that could be is not written through."""
    file, bystander = tmp_path / "config.toml", tmp_path / "bystander"
    file.write_text('[engine]\napi_key = "secret"\n')
    file.chmod(0o600)
    bystander.write_text("mine")
    (tmp_path / ".config.toml.new").symlink_to(bystander)
    modes: list[int] = []
    chmod = Path.chmod

    def seen(path: Path, mode: int) -> None:
        modes.append(path.stat().st_mode & 0o777)
        chmod(path, mode)

    monkeypatch.setattr(Path, "chmod", seen)
    write_plan(plan_changes(file, {"engine.model": "lite"}))
    assert modes == [0o600]
    assert bystander.read_text() == "mine"


def test_a_name_that_is_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="UTF-8"):
        write_plan(plan_changes(tmp_path / "config.toml", {"engine.model": "/models/\udcff"}))
    assert list(tmp_path.iterdir()) == []
