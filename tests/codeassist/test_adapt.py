"""What an adapter is learned from and judged on, and when it may be enabled."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from codeassist.adapt import keeping
from codeassist.adapt.files import described, read_repository, recent_paths, split_again, split_files
from codeassist.adapt.keeping import Identity
from codeassist.adapt.rows import RowMaker, Shares, draw_row, even_rows
from codeassist.adapt.verdict import Answered, Judged, judge
from codeassist.adapters.registry import adapters_directory
from codeassist.errors import ModelError
from codeassist.fim import TEMPLATES
from codeassist.mtp.samples import Gap, Text, draw_bounds, draw_gap
from codeassist.tokenizer import FileTokenizer
from codeassist.types import Cursor, Document
from indexer.types import Hit, Query

TEMPLATE = TEMPLATES["deepseek"]


def texts(n_files: int) -> list[Text]:
    return [Text(f"module_{n:03}.py", f"value_{n} = {n}\n" * 20) for n in range(n_files)]


def git(root: Path, *arguments: str) -> None:
    command = ["git", "-c", "user.name=T", "-c", "user.email=t@example.org", *arguments]
    subprocess.run(command, cwd=root, check=True, capture_output=True, timeout=60)


def test_no_file_is_on_two_sides_and_all_are_on_one() -> None:
    sides = described(split_files(texts(200), ["module_007.py", "gone.py", "module_003.py"]))
    assert {"module_007.py", "module_003.py"} == set(sides["recent"]) <= set(sides["test"])
    named = [path for side in ("train", "tune", "test") for path in sides[side]]
    assert len(named) == len(set(named)) == 200
    assert (len(sides["tune"]), len(sides["test"])) == (10, 22)


def test_the_split_is_the_same_whenever_it_is_asked_and_stays_when_files_come() -> None:
    first = described(split_files(texts(60), ["module_001.py"]))
    assert first == described(split_files(list(reversed(texts(60))), ["module_001.py"]))
    again = split_again(texts(90), first)
    assert described(again) == first


def test_of_a_huge_repository_a_part_is_taken_with_what_was_changed_last() -> None:
    split = split_files(texts(9000), ["module_8999.py"])
    assert 3500 < len(split.train) + len(split.tune) + len(split.test) <= 4000
    assert split.recent == {"module_8999.py"}


def test_too_few_files_are_told() -> None:
    with pytest.raises(ModelError, match="5 source files are too few"):
        split_files(texts(5), [])


def test_what_was_changed_last_comes_first_and_sweeps_over_all_files_do_not_count(tmp_path: Path) -> None:
    assert recent_paths(tmp_path) == []
    git(tmp_path, "init", "-q")
    assert recent_paths(tmp_path) == []
    for number in range(50):
        (tmp_path / f"{number}.py").write_text("a = 1\n")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "all")
    for name in ("7.py", "ä b.py", "3.py"):
        (tmp_path / name).write_text("a = 2\n")
        git(tmp_path, "add", name)
        git(tmp_path, "commit", "-qm", name)
    (tmp_path / "new.py").write_text("a = 3\n")
    assert recent_paths(tmp_path) == ["new.py", "3.py", "ä b.py", "7.py"]


def test_equal_files_count_once_and_what_no_model_may_see_does_not(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"m{number}.py").write_text(f"value = {number}\n" * 9)
    (tmp_path / "copy.py").write_text("value = 3\n" * 9)
    (tmp_path / "private.py").write_text("value = 'p'\n" * 9)
    (tmp_path / ".codeassistignore").write_text("private.py\n")
    (tmp_path / "notes.md").write_text("words\n" * 9)
    paths = [text.path for text in read_repository(tmp_path, ("m1.py",))]
    assert len(paths) == 29
    assert not {"private.py", "m1.py", "notes.md"} & set(paths)


class Found:
    """A retriever that finds the same for everybody."""

    def __init__(self, *hits: Hit) -> None:
        self.hits = list(hits)

    def search(self, _query: Query, _limit: int) -> list[Hit]:
        return self.hits

    def versions(self, paths: Iterable[str]) -> dict[str, str]:
        return dict.fromkeys(paths, "1")


def hit(path: str, first: int, text: str) -> Hit:
    return Hit(path, first, first + text.count("\n"), 1.0, text, "definition", "defines it")


@pytest.fixture
def tokenizer(tokenizer_file: Path) -> FileTokenizer:
    return FileTokenizer(tokenizer_file)


def test_a_row_is_the_prompt_and_its_answer_and_slots_weigh_nothing(tokenizer: FileTokenizer) -> None:
    found = Found(
        hit("other.py", 1, "def other():\n    return 1"), hit("held_out.py", 1, "def secret():\n    return 2")
    )
    maker = RowMaker(tokenizer, TEMPLATE, found, ["held_out.py"], Shares(0.5, 0.2))
    gap = Gap(Document("a.py", "import other\n\ndef f():\n    \n"), Cursor(3, 4), "return other.other()")
    row = maker.row(gap, 400, 0.25)
    maker.close()
    text = tokenizer.decode(row.ids)
    assert "# other.py\ndef other():" in text
    assert "secret" not in text
    assert text.startswith(f"{TEMPLATE.bos}{TEMPLATE.begin}")
    answer = tokenizer.decode(row.ids[row.n_prompt :])
    assert answer == f"{row.forced}return other.other(){TEMPLATE.stop[0]}"
    weighed = dict.fromkeys((0.0, 0.25, 1.0), "")
    for token, weight in zip(row.ids, row.weights, strict=True):
        weighed[weight] += tokenizer.decode([token])
    assert "def other" in weighed[0.0]
    assert "import other" in weighed[0.25]
    assert weighed[1.0] == answer


def test_the_lines_of_a_gap_are_never_shown_as_context(tokenizer: FileTokenizer) -> None:
    found = Found(hit("a.py", 4, "    return answer()"), hit("a.py", 90, "def far_away():\n    pass"))
    maker = RowMaker(tokenizer, TEMPLATE, found, [], Shares(0.5, 0.2))
    row = maker.row(Gap(Document("a.py", "x = 1\n\ndef f():\n    \n"), Cursor(3, 4), "return answer()"), 400, 0.0)
    maker.close()
    prompt = tokenizer.decode(row.ids[: row.n_prompt])
    assert "answer" not in prompt
    assert "far_away" in prompt


def test_rows_are_the_same_for_the_same_seed_and_keep_their_length(tokenizer: FileTokenizer) -> None:
    maker = RowMaker(tokenizer, TEMPLATE, None, [], Shares(0.5, 0.2))
    files = texts(12)
    drawn = [draw_row(maker, files, draw_bounds(files), Random(seed), 200, 0.2) for seed in (1, 1, 2)]
    even = even_rows(maker, files, 24, 200, 1.0, seed=0)
    maker.close()
    assert drawn[0].ids == drawn[1].ids != drawn[2].ids
    assert all(len(row.ids) <= 200 + 128 for row in (*drawn, *even))
    assert sorted(row.path for row in even) == sorted([text.path for text in files] * 2)


def test_gaps_are_cut_as_for_draft_layers() -> None:
    gap = draw_gap(Text("a.py", "first = 1\nsecond = 2\n"), Random(3))
    before, after = gap.document.text.split("\n"), ["first = 1", "second = 2", ""]
    rebuilt = before[: gap.cursor.line + 1]
    rebuilt[-1] += gap.middle
    assert "\n".join([*rebuilt, *before[gap.cursor.line + 1 :]]).split("\n") == after


def gaps(*gains: float, recent: int = 0) -> list[Judged]:
    """One file for each gain, of three gaps each."""
    return [Judged(f"{n}.py", n < recent, 10, 20.0, 20.0 - gain) for n, gain in enumerate(gains) for _ in range(3)]


def answered(n_before: int, n_after: int, n_all: int = 40) -> list[Answered]:
    return [Answered(f"{n}.py", False, (n < n_before, n < n_after), (0.5, 0.5)) for n in range(n_all)]


def test_what_is_surely_better_is_enabled() -> None:
    verdict = judge(gaps(2.0, 1.0, 3.0, 2.5, 1.5, recent=2), answered(10, 12))
    assert verdict.improves
    assert (verdict.loss.before, verdict.loss.after, verdict.loss.files, verdict.loss.n) == (2.0, 1.8, 5, 15)
    assert verdict.loss.better_by.low > 0
    assert verdict.recent is not None
    assert verdict.recent.files == 2
    assert verdict.exact is not None
    assert (verdict.exact.before, verdict.exact.after) == (0.25, 0.3)


@pytest.mark.parametrize(
    ("gains", "answers", "said"),
    [
        ((-2.0, -1.0, -3.0, -2.0), (10, 10), "less likely"),
        ((9.0, -2.0, -3.0, 0.5), (10, 10), "not surely likelier"),
        ((2.0, 1.0, 3.0, 2.5), (30, 10), "fewer lines"),
        ((0.08, 0.07, 0.09, 0.08), (10, 10), "0.4 % less"),
    ],
)
def test_what_is_not_surely_better_is_not(gains: tuple[float, ...], answers: tuple[int, int], said: str) -> None:
    verdict = judge(gaps(*gains), answered(*answers))
    assert not verdict.improves
    assert said in verdict.reason


def test_one_file_with_many_gaps_is_no_proof() -> None:
    gain = [Judged("a.py", False, 10, 20.0, 10.0)] * 50
    lost = [Judged("b.py", False, 10, 20.0, 21.0)] * 2
    assert not judge([*gain, *lost], []).improves


@pytest.fixture
def identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Identity:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return Identity("f" * 64, "tiny", tmp_path / "repository", 16)


def test_a_training_that_was_broken_off_is_found_again_and_one_that_is_done_is_not(identity: Identity) -> None:
    folder = keeping.new_folder(identity)
    sides: dict[str, list[str]] = {"train": ["a.py"], "tune": [], "test": [], "recent": []}
    keeping.begin(folder, identity, sides)
    assert keeping.new_folder(identity) == folder
    assert keeping.sides_of(folder, identity) == sides
    assert folder.stat().st_mode & 0o777 == 0o700  # private code can be read out of an adapter
    assert adapters_directory().stat().st_mode & 0o777 == 0o700
    keeping.describe(folder, identity, {"improves": True}, enabled=True)
    assert keeping.new_folder(identity) != folder
    with pytest.raises(ModelError, match="is done"):
        keeping.sides_of(folder, identity)


def test_the_folder_of_something_else_is_left_alone(identity: Identity, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(ModelError, match="not empty"):
        keeping.begin(tmp_path / "mine", identity, {})
    keeping.begin(tmp_path / "other", identity, {"train": []})
    other: Any = Identity(identity.base, identity.base_name, identity.root, 8)
    with pytest.raises(ModelError, match="another model, repository or rank"):
        keeping.sides_of(tmp_path / "other", other)
