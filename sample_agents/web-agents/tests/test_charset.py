"""Which encoding a page is read in."""

from __future__ import annotations

import codecs

import pytest
from web_agents.charset import decode_html, decode_text


class TestDeclaredEncoding:
    @pytest.mark.parametrize(
        "head",
        [
            b'<meta charset="iso-8859-2">',
            b"<META CHARSET=ISO-8859-2>",
            b'<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-2">',
            b'<?xml version="1.0" encoding="iso-8859-2"?>',
        ],
    )
    def test_each_way_to_declare_is_honoured(self, head: bytes) -> None:
        """Polish names must not turn into currency signs."""
        page = head + "Łódź".encode("iso-8859-2")

        assert decode_html(page).endswith("Łódź")

    def test_a_byte_order_mark_outranks_what_the_page_says(self) -> None:
        """An editor that saves as UTF-8 seldom mends the declaration."""
        page = codecs.BOM_UTF8 + '<meta charset="iso-8859-1">é'.encode()

        assert decode_html(page) == '<meta charset="iso-8859-1">é'

    def test_a_declaration_inside_a_comment_says_nothing(self) -> None:
        """Templates keep their old heads in comments."""
        page = '<!-- <meta charset="koi8-r"> -->é'.encode()

        assert decode_html(page).endswith("é")

    def test_latin_1_means_what_browsers_mean_by_it(self) -> None:
        """Pages that say ISO-8859-1 use the quotes of windows-1252."""
        assert decode_html(b"<meta charset=iso-8859-1>\x93hi\x94").endswith("“hi”")

    @pytest.mark.parametrize("label", [b"utf-16", b"rot13", b"unicode_escape", b"hex", b"no-such"])
    def test_a_label_that_cannot_be_is_not_believed(self, label: bytes) -> None:
        """A page is data: its label must not choose just any codec Python has."""
        page = b"<meta charset=" + label + b">" + "é \\x41".encode()

        assert decode_html(page).endswith("é \\x41")


class TestUndeclaredEncoding:
    @pytest.mark.parametrize("content", ["é".encode(), b"\xe9", codecs.BOM_UTF8 + "é".encode()])
    def test_the_one_that_fits_is_taken(self, content: bytes) -> None:
        """Most files say nothing about themselves."""
        assert decode_text(content) == "é"

    def test_no_bytes_are_refused(self) -> None:
        """A broken page still has readable parts."""
        assert decode_html(b"<meta charset=utf-8>ok \xff\xfe").endswith("ok \ufffd\ufffd")
