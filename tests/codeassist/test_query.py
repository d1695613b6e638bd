from __future__ import annotations

from marked import marked, window_of

from codeassist.query import cursor_query

SOURCE = "from shop import Cart\n\ncart = Cart()\nprices = load_prices()\nreturn cart.add(pri‸\n"


def query_of(source: str):  # noqa: ANN201
    document, cursor = marked(source)
    return cursor_query(document, cursor, window_of(source))


def test_nearest_names_come_first_and_keywords_not_at_all() -> None:
    assert query_of(SOURCE).identifiers == ("add", "cart", "load_prices", "prices", "Cart", "shop")


def test_the_word_being_typed_changes_nothing() -> None:
    longer = SOURCE.replace("pri‸", "price_of‸")
    assert query_of(longer).identifiers == query_of(SOURCE).identifiers
    assert query_of(longer).text == query_of(SOURCE).text


def test_the_window_itself_is_excluded() -> None:
    query = query_of(SOURCE)
    assert query.exclude_lines == (1, 6)
    assert query.line == 5


def test_comments_and_strings_name_nothing() -> None:
    said = SOURCE.replace("prices = load_prices()", 'prices = load_prices("hello world")  # Licensed as free')
    assert query_of(said).identifiers == query_of(SOURCE).identifiers
