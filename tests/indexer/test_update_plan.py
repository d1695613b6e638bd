from __future__ import annotations

from indexer.update import UpdatePlan, plan_update


def test_only_differences_are_planned() -> None:
    indexed = {"same.py": "1", "changed.py": "1", "gone.py": "1"}
    tree = {"same.py": "1", "changed.py": "2", "new.py": "1"}
    assert plan_update(indexed, tree) == UpdatePlan(changed=("changed.py", "new.py"), removed=("gone.py",))


def test_nothing_to_do_is_false() -> None:
    assert not plan_update({"a": "1"}, {"a": "1"})
    assert plan_update({}, {"a": "1"})


def test_a_rename_is_one_removal_and_one_addition() -> None:
    assert plan_update({"a.py": "1"}, {"b.py": "1"}) == UpdatePlan(changed=("b.py",), removed=("a.py",))
