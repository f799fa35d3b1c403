"""Where words and sentences of a text begin and end.

Rules instead of a trained model, so there is nothing to download: a sentence ends at a mark
that a capital letter follows, unless the word before it is known as an abbreviation.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["sample", "sentences_of", "words_of"]

_PARAGRAPH = re.compile(r"\n[ \t]*\n")
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_CLOSING = r"[\"'\u201d\u2019)\]\u00bb]*"
_OPENING = r"[\"'\u201c\u2018(\[\u00ab\u2014-]*"
_END = re.compile(rf"[.!?\u2026]{{1,9}}{_CLOSING}(?=\s+{_OPENING}\s*[^\W_a-z])")
_LAST_WORD = re.compile(rf"([^\W\d_]+(?:\.[^\W\d_]+)*)\.{_CLOSING}\Z")
_LONGEST_ABBREVIATION = 24
# No word that also ends sentences, as "no" and "art" do: half a sentence is worse than two.
_ABBREVIATIONS = frozenset(
    {
        *("capt", "col", "dhr", "dr", "gen", "jr", "lt", "mej", "messrs", "mevr", "mlle", "mm"),
        *("mme", "mr", "mrs", "ms", "prof", "rev", "sgt", "sr", "st", "ste"),
        *("approx", "bijv", "blz", "bv", "bzw", "cf", "d.h", "d.w.z", "dept", "e.g", "eds", "fig"),
        *("figs", "i.e", "inc", "ltd", "nos", "nr", "o.a", "p.ex", "pp", "u.a", "vol", "vs", "z.b"),
    }
)


def words_of(text: str) -> list[str]:
    """Return the words of *text*, numbers left out.

    >>> words_of("Don't panic: 42 well-known facts")
    ["Don't", 'panic', 'well-known', 'facts']
    """
    return _WORD.findall(text)


def sentences_of(text: str) -> list[str]:
    r"""Return the sentences of *text*, each on one line; headings count as sentences.

    >>> sentences_of('Mr. Hyde met J. Doe. "Really?" he said.  Yes!\n\nThe end')
    ['Mr. Hyde met J. Doe.', '"Really?" he said.', 'Yes!', 'The end']
    """
    return [
        sentence
        for paragraph in _PARAGRAPH.split(text)
        for sentence in _split(" ".join(paragraph.split()))
    ]


def sample(text: str, *, limit: int, parts: int = 8) -> str:
    r"""Return at most *limit* characters of *text*, taken evenly from all of it.

    Long documents begin with legal notices and lists of contents; a sample of the beginning
    alone would be about those.

    Args:
        text: What to sample.
        limit: Longest result, in characters.
        parts: How many pieces a longer text gives; each begins at a line where it has one.

    >>> sample("abcdefgh", limit=6, parts=2)
    'ab\nef'
    """
    if len(text) <= limit:
        return text
    size, step = limit // parts - 1, len(text) // parts
    pieces = [text[start : start + size] for start in range(0, step * parts, step)]
    return "\n".join((pieces[0], *map(_from_line, pieces[1:])))


def _split(paragraph: str) -> Iterator[str]:
    start = 0
    for mark in _END.finditer(paragraph):
        end = mark.end()
        if not _is_abbreviated(paragraph[max(start, end - _LONGEST_ABBREVIATION) : end]):
            yield paragraph[start:end].strip()
            start = end
    if rest := paragraph[start:].strip():
        yield rest


def _is_abbreviated(ending: str) -> bool:
    word = _LAST_WORD.search(ending)
    if word is None:
        return False
    return word[1].lower() in _ABBREVIATIONS or (len(word[1]) == 1 and word[1] != "I")


def _from_line(piece: str) -> str:
    _, newline, rest = piece.partition("\n")
    return rest if newline and rest else piece
