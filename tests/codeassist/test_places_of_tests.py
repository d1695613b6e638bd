"""Where tests of a file go, by the habits of the repository."""

from __future__ import annotations

import pytest

from codeassist.chat.places_of_tests import PlaceOfTests, place_of_tests

PYTHON = ["shop/__init__.py", "shop/price.py", "shop/till.py", "tests/conftest.py", "tests/test_price.py"]
MIRRORED = ["a/engine/run.py", "a/trim.py", "tests/a/test_gate.py", "tests/engine/test_stop.py", "tests/conftest.py"]
JAVA = ["src/main/java/org/x/Cart.java", "src/main/java/org/x/Bill.java", "src/test/java/org/x/BillTest.java"]


@pytest.mark.parametrize(
    ("paths", "source", "path", "is_new", "neighbour"),
    [
        (PYTHON, "shop/price.py", "tests/test_price.py", False, "tests/test_price.py"),
        (PYTHON, "shop/till.py", "tests/test_till.py", True, "tests/test_price.py"),
        (MIRRORED, "a/engine/run.py", "tests/engine/test_run.py", True, "tests/engine/test_stop.py"),
        (MIRRORED, "a/trim.py", "tests/a/test_trim.py", True, "tests/a/test_gate.py"),
        (["main.py"], "main.py", "test_main.py", True, ""),
        (["pkg/main.py"], "pkg/main.py", "tests/test_main.py", True, ""),
        (["p/a.go", "p/b.go", "p/b_test.go"], "p/a.go", "p/a_test.go", True, "p/b_test.go"),
        (["p/a.go"], "p/a.go", "p/a_test.go", True, ""),
        (["src/a.ts", "src/b.spec.ts", "src/b.ts"], "src/a.ts", "src/a.spec.ts", True, "src/b.spec.ts"),
        (["src/a.ts"], "src/a.ts", "src/a.test.ts", True, ""),
        (
            ["src/a.ts", "src/__tests__/b.test.ts"],
            "src/a.ts",
            "src/__tests__/a.test.ts",
            True,
            "src/__tests__/b.test.ts",
        ),
        (JAVA, JAVA[0], "src/test/java/org/x/CartTest.java", True, JAVA[2]),
        (["tests/test_a.py"], "tests/test_a.py", "tests/test_a.py", False, ""),
        ([*PYTHON, "shop/test_price.py"], "shop/price.py", "shop/test_price.py", False, "shop/test_price.py"),
        (["tests/a.js", "lib/test_x.py", "lib/x.py", "lib/y.py"], "lib/y.py", "lib/test_y.py", True, "lib/test_x.py"),
    ],
)
def test_tests_go_where_others_are(paths: list[str], source: str, path: str, is_new: bool, neighbour: str) -> None:
    assert place_of_tests(paths, source) == PlaceOfTests(path, is_new, neighbour)
