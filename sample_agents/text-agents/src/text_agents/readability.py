"""How hard a text is to read."""

from __future__ import annotations

from collections import Counter
from statistics import fmean

from document_schemas import DocumentText, Readability, ReadingLevel

from registry_core import Example, Resources, agent
from text_agents.segments import sentences_of, words_of

__all__ = ["measure_readability"]

_LONG_WORD_LETTERS = 7
_WORDS_PER_MINUTE = 230
_BAND_WORDS = 5
_BANDS = 10
_LEVELS: tuple[tuple[float, ReadingLevel], ...] = (
    (25, "very easy"),
    (35, "easy"),
    (45, "medium"),
    (55, "difficult"),
)


@agent(
    capabilities={"content_analysis.readability": 0.8},
    tags=["readability", "offline"],
    cost=0.5,
    resources=Resources(memory_mib=64, cpu_cores=1),
    timeout_seconds=30,
    idempotent=True,
    mutates=False,
    examples=[
        Example(
            inputs={"text": {"title": "", "source_name": "", "text": "The sun is up. We go."}},
            output={
                "reading_level": "very easy",
                "lix": 3.0,
                "words": 6,
                "sentences": 2,
                "words_per_sentence": 3.0,
                "letters_per_word": 2.3,
                "reading_minutes": 0.0,
                "sentence_lengths": [2, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            },
        )
    ],
)
def measure_readability(text: DocumentText) -> Readability:
    """Measure how hard a text is to read, in whatever language that has words and sentences.

    LIX is used because it counts letters; measures that count syllables hold for English only.

    Source:
        C. H. Björnsson, "Läsbarhet", Liber, Stockholm 1968.
    """
    lengths = [length for line in sentences_of(text.text) if (length := len(words_of(line)))]
    letters = [len(word) for word in words_of(text.text)]
    words = len(letters)
    words_per_sentence = fmean(lengths) if lengths else 0.0
    long_words = sum(count >= _LONG_WORD_LETTERS for count in letters)
    lix = words_per_sentence + (100 * long_words / words if words else 0)
    bands = Counter(min((length - 1) // _BAND_WORDS, _BANDS - 1) for length in lengths)
    return Readability(
        reading_level=_level(lix),
        lix=round(lix, 1),
        words=words,
        sentences=len(lengths),
        words_per_sentence=round(words_per_sentence, 1),
        letters_per_word=round(fmean(letters), 1) if letters else 0.0,
        reading_minutes=round(words / _WORDS_PER_MINUTE, 1),
        sentence_lengths=tuple(bands[band] for band in range(_BANDS)),
    )


def _level(lix: float) -> ReadingLevel:
    for limit, level in _LEVELS:
        if lix < limit:
            return level
    return "very difficult"
