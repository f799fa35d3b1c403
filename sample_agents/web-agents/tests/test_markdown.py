"""What is left of Markdown when it is read as text."""

from __future__ import annotations

import pytest
from document_schemas import DocumentText, MarkdownFile
from web_agents.markdown import markdown_to_text


def _read(source: str) -> DocumentText:
    file = MarkdownFile(media_type="text/markdown", name="note.md", content=source.encode())
    return markdown_to_text(file)


class TestText:
    @pytest.mark.parametrize(
        ("source", "text"),
        [
            ("One\ntwo.\n\nThree", "One two.\n\nThree"),
            ("- a\n- *b* `c`", "a\n\nb c"),
            ("[link](http://x.y) ![alt](z.png)", "link alt"),
            ("```py\nx = 1\n```", "x = 1"),
            ("| a | b |\n|---|---|\n| c | d |", "a b\n\nc d"),
            ("<div>raw <b>html</b></div>", "raw html"),
            ("a <b>b</b>", "a b"),
            ("> said", "said"),
            ("line  \nbreak", "line\nbreak"),
            ("", ""),
        ],
    )
    def test_the_marks_are_gone(self, source: str, text: str) -> None:
        """Keywords such as ** help nobody."""
        assert _read(source).text == text


class TestFrontMatter:
    @pytest.mark.parametrize("title", ["A: b", "'A: b'", '"A: b"'])
    def test_its_title_is_the_title(self, title: str) -> None:
        """Sites keep the title there and start the text without a heading."""
        read = _read(f"---\nn: 1\ntitle: {title}\n---\n\n# Heading\n")

        assert (read.title, read.text) == ("A: b", "Heading")

    def test_a_rule_in_the_text_is_no_front_matter(self) -> None:
        """A file may well begin with a thematic break."""
        assert _read("---\n\n# Heading").title == "Heading"

    def test_windows_line_ends_count(self) -> None:
        """Half the files in the world have them."""
        assert _read("---\r\ntitle: A\r\n---\r\nText").title == "A"

    def test_without_any_title_the_name_has_to_do(self) -> None:
        """A report needs something to be called."""
        assert _read("Text").title == "note.md"
