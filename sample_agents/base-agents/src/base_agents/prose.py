"""What can be measured about an English text without a model.

Source:
    R. Flesch, "A new readability yardstick", Journal of Applied Psychology, 1948.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

__all__ = ["Prose", "measure"]

_WORD = re.compile(r"[^\W\d_]++(?:['\u2019-][^\W\d_]++)*+")
_SENTENCE_END = re.compile(r"[.!?…]++(?=\s|\Z|[\"'\u201d\u2019)\]])|\n\s*+\n")
_VOWELS = re.compile(r"[aeiouy]++")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FILLERS = _words(
    "a about after all also am an and any are as at be because been before being but by can could "
    "did do does doing down each for from had has have having he her here hers him his how i if in "
    "into is it its itself just me more most my no nor not now of off on once only or other our "
    "out over own same she should so some such than that the their them then there these they "
    "this those through to too under until up very was we were what when where which while who "
    "whom why will with would you your"
)
_POSITIVE = _words(
    "admire beautiful best better brilliant calm clear delight delighted easy enjoy enjoyed "
    "excellent fair fantastic fast fine friendly glad good great happy helpful honest improve "
    "improved kind like liked love loved lovely nice perfect pleasant pleased praise quick "
    "reliable safe smart strong success superb thank thanks useful warm welcome well win "
    "wonderful"
)
_NEGATIVE = _words(
    "afraid angry annoying awful bad boring broken bug complain complained confusing crash "
    "damage danger dangerous delay dirty disappointed disaster error fail failed fails failure "
    "fault fear hard hate hated horrible hurt late lose lost mess nasty pain poor problem rude "
    "sad slow sorry terrible ugly unfair unhappy unsafe upset useless waste weak worse worst "
    "wrong"
)
_NEGATIONS = _words(
    "never no not nobody nothing without cannot can't don't doesn't didn't isn't wasn't won't "
    "aren't weren't"
)
# How many words a negation turns round, and the letters a word needs to mean something.
_REACH = 3
_LEAST = 3


@dataclass(frozen=True, slots=True)
class Prose:
    """A text in numbers.

    Attributes:
        words: Number of words.
        sentences: Number of sentences.
        terms: Words that mean something with their counts, commonest first, then by alphabet.
        reading_ease: Flesch's measure, to one decimal; None without words.
        feeling: From -1 to 1, to two decimals: how far positive words outweigh negative ones.
    """

    words: int
    sentences: int
    terms: tuple[tuple[str, int], ...]
    reading_ease: float | None
    feeling: float


def measure(text: str) -> Prose:
    """Return the measures of *text*.

    >>> prose = measure("The soup was not good. The bread was excellent, really excellent!")
    >>> prose.words, prose.sentences, prose.terms[0], prose.feeling
    (11, 2, ('excellent', 2), 0.33)
    """
    words = [word.lower().replace("\u2019", "'") for word in _WORD.findall(text)]
    sentences = sum(1 for part in _SENTENCE_END.split(text) if _WORD.search(part))
    terms = Counter(word for word in words if len(word) >= _LEAST and word not in _FILLERS)
    return Prose(
        words=len(words),
        sentences=sentences,
        terms=tuple(sorted(terms.items(), key=lambda term: (-term[1], term[0]))),
        reading_ease=_reading_ease(words, sentences),
        feeling=_feeling(words),
    )


def _reading_ease(words: list[str], sentences: int) -> float | None:
    if not words:
        return None
    syllables = sum(map(_syllables, words))
    return round(206.835 - 1.015 * len(words) / sentences - 84.6 * syllables / len(words), 1)


def _syllables(word: str) -> int:
    groups = len(_VOWELS.findall(word))
    silent = word.endswith("e") and not word.endswith(("le", "ee", "ye"))
    return max(1, groups - silent)


def _feeling(words: list[str]) -> float:
    positive = negative = 0
    for index, word in enumerate(words):
        if word in _POSITIVE or word in _NEGATIVE:
            turned = not _NEGATIONS.isdisjoint(words[max(0, index - _REACH) : index])
            if (word in _POSITIVE) != turned:
                positive += 1
            else:
                negative += 1
    felt = positive + negative
    return round((positive - negative) / felt, 2) if felt else 0.0
