"""Plain-text tables."""

import pytest

from tinygan.table import text_table


def test_words_go_left_and_numbers_go_right_two_spaces_apart():
    assert text_table(["name", "n", "x"], [["a", "1", "2.50"], ["longer", "1000", ""]], "<>>").splitlines() == [
        "name       n     x",
        "a          1  2.50",
        "longer  1000",
    ]


def test_a_table_without_rows_is_its_header():
    assert text_table(["name", "n"], [], "<>") == "name  n"


@pytest.mark.parametrize("row", [["a"], ["a", "b", "c"]])
def test_a_row_of_another_length_is_an_error(row):
    with pytest.raises(ValueError, match=r"zip\(\) argument"):
        text_table(["name", "n"], [row], "<>")
