"""Text in Markdown stays text."""

from __future__ import annotations

import pytest
from base_agents.markdown import document, line, paragraph, table
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

WORDS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1)


def tokens(markdown: str) -> list[tuple[str, str]]:
    """Return type and text of everything that a reader of *markdown* sees."""
    reader = MarkdownIt("commonmark").enable("table")
    return [
        (token.type, token.content)
        for block in reader.parse(markdown)
        for token in block.children or ()
    ]


class TestLine:
    @given(WORDS)
    def test_a_reader_sees_the_text_and_no_markup(self, text: str) -> None:
        """A name such as _init_ or <script> must arrive as it is."""
        seen = tokens(line(text))

        assert {kind for kind, _ in seen} == {"text"}
        assert "".join(content for _, content in seen) == text

    @pytest.mark.parametrize(
        "text",
        ["# a", "1. a", "- a", "1) a", "+ a", "===", ":--", "> a", "    a", "```", "---", "| a |"],
    )
    def test_nothing_at_the_start_makes_a_block(self, text: str) -> None:
        """A line of a log often starts like a list."""
        assert tokens(line(text)) == [("text", text.strip())]


class TestParagraph:
    def test_lines_stay_lines(self) -> None:
        """Addresses and poems have them."""
        seen = tokens(paragraph("one\n\n two *\n---"))

        assert [kind for kind, _ in seen] == ["text", "hardbreak", "text", "hardbreak", "text"]


class TestTable:
    def test_a_cell_cannot_leave_its_cell(self) -> None:
        """A stray bar would shift every column after it."""
        made = table([{"a|b": "c|d\n| e |", "f": None}, {"g": [True]}])

        assert [content for _, content in tokens(made)] == ["a|b", "f", "g", "c|d | e |", "[true]"]

    def test_no_rows_are_no_table(self) -> None:
        """A frame around nothing is noise."""
        assert table([]) == table([{}]) == ""


class TestDocument:
    def test_blocks_stand_apart_and_the_file_ends_with_a_line(self) -> None:
        """Diffs and concatenation rely on it."""
        assert document("T", [("S", ["p", ""]), ("", [])]) == "# T\n\n## S\n\np\n\n##\n"
