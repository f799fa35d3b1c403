"""Bytes to text, in the encoding that the bytes declare.

Follows what browsers do where pages in the wild need it: a byte order mark wins, a page that
says ISO-8859-1 means windows-1252, and a page whose ASCII is readable is not UTF-16.
"""

from __future__ import annotations

import codecs
import re

__all__ = ["decode_html", "decode_text"]

# Only encodings of text that pages use: Python also knows rot13, idna and unicode_escape.
_ENCODINGS = frozenset(
    {
        *(f"cp{number}" for number in (866, 874, 932, 949, 950, *range(1250, 1259))),
        *(f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)),
        *("big5", "euc_jp", "euc_kr", "gb18030", "gb2312", "gbk", "iso2022_jp"),
        *("koi8-r", "koi8-u", "mac-cyrillic", "mac-roman", "shift_jis", "utf-8"),
    }
)
_MEANT = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    **dict.fromkeys(("utf-16", "utf-16-be", "utf-16-le", "utf-32"), "utf-8"),
}
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}

_PROLOGUE_BYTES = 4096
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_DECLARED = re.compile(
    rb"""<(?: meta\b [^>]{0,300}? \bcharset | \?xml\b [^>]{0,300}? \bencoding )
         \s{0,9} = \s{0,9} ["']? \s{0,9} ([\w:.-]{1,40})""",
    re.IGNORECASE | re.VERBOSE,
)


def decode_html(content: bytes) -> str:
    r"""Return a page as text; what its encoding does not define becomes U+FFFD.

    The encoding is that of a byte order mark, else that which a ``<meta>`` element or an XML
    declaration names in the first 4 KiB, else UTF-8 where it fits, else windows-1252.

    >>> decode_html(b'<meta charset="iso-8859-15"><p>10 \xa4')[-4:]
    '10 €'
    """
    for mark, encoding in _MARKS.items():
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, errors="replace")
    prologue = _COMMENT.sub(b"", content[:_PROLOGUE_BYTES])
    for found in _DECLARED.finditer(prologue):
        if declared := _known(found[1].decode("ascii", errors="replace")):
            return content.decode(declared, errors="replace")
    return decode_text(content)


def decode_text(content: bytes) -> str:
    r"""Return *content* as UTF-8 where it fits, else as windows-1252.

    >>> decode_text("é".encode()), decode_text(b"\xe9")
    ('é', 'é')
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _known(label: str) -> str | None:
    try:
        name = codecs.lookup(label).name
    except LookupError:
        return None
    name = _MEANT.get(name, name)
    return name if name in _ENCODINGS else None
