"""What a file imports is found by the names that its import lines spell."""

import pytest

from training.imports import ImportTable

PATHS = (
    "shop/__init__.py", "shop/cart.py", "shop/tax/rates.py", "web/cart.py", "web/src/api.ts", "web/src/util/index.ts",
    "native/buffer.h", "native/ring.c", "crate/src/parser.rs", "server/store/store.go", "app/com/till/Invoice.java",
)  # fmt: skip


@pytest.mark.parametrize(
    ("path", "line", "imported"),
    [
        ("shop/bill.py", "from shop.cart import Cart", ["shop/cart.py", "shop/__init__.py"]),
        ("web/bill.py", "from .cart import Cart", ["web/cart.py"]),
        ("shop/bill.py", "from .tax import rates", ["shop/tax/rates.py"]),
        ("web/src/page.ts", "import { get } from './api';", ["web/src/api.ts"]),
        ("web/src/page.js", "const get = require('./util');", ["web/src/util/index.ts"]),
        ("native/main.c", '#include "buffer.h"', ["native/buffer.h"]),
        ("crate/src/main.rs", "use crate::parser::Node;", ["crate/src/parser.rs"]),
        ("server/main.go", 'import (\n\t"example.org/server/store"\n)', ["server/store/store.go"]),
        ("app/com/web/Page.java", "import com.till.Invoice;", ["app/com/till/Invoice.java"]),
        ("shop/bill.py", "import json", []),
    ],
)
def test_an_import_line_leads_to_a_file(path: str, line: str, imported: list[str]) -> None:
    table = ImportTable(enumerate(PATHS))
    found = [PATHS[number] for number in table.imported(-1, path, f"{line}\n\n\nbody()\n")]
    assert sorted(found) == sorted(imported)


def test_a_file_does_not_import_itself() -> None:
    assert ImportTable(enumerate(PATHS)).imported(1, "shop/cart.py", "from shop import cart\n") == [0]


def test_a_name_of_many_files_tells_nothing() -> None:
    paths = [f"app{number}/views.py" for number in range(9)]
    assert ImportTable(enumerate(paths)).imported(-1, "app1/urls.py", "from app1 import views\n") == []
