"""What analyses find in a text: one model for each, so that a plan cannot confuse them."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "Keyword",
    "Keywords",
    "PersonalData",
    "PersonalDatum",
    "PersonalDatumKind",
    "Readability",
    "ReadingLevel",
    "Sentiment",
    "SentimentLabel",
    "Summary",
    "TextLanguage",
]

Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Polarity: TypeAlias = Annotated[float, Field(ge=-1, le=1)]
Count: TypeAlias = Annotated[int, Field(ge=0)]

SentimentLabel: TypeAlias = Literal["positive", "neutral", "negative"]
PersonalDatumKind: TypeAlias = Literal[
    "email address", "phone number", "bank account", "payment card", "network address"
]
ReadingLevel: TypeAlias = Literal["very easy", "easy", "medium", "difficult", "very difficult"]


class TextLanguage(BaseModel):
    """The language a text is mostly written in.

    Attributes:
        language_code: ISO 639-1 where there is one, else 639-3; ``und`` when undetermined.
        language_name: In English, else the code.
        confidence: From 0 to 1.
    """

    model_config = ConfigDict(frozen=True)

    language_code: str
    language_name: str
    confidence: Share


class Keyword(BaseModel):
    """A phrase that says what a text is about.

    Attributes:
        phrase: As it is written most often.
        relevance: 1 for the best of its text, less for others.
        occurrences: How often the whole text has it, in any letter case.
    """

    model_config = ConfigDict(frozen=True)

    phrase: str
    relevance: Share
    occurrences: Count


class Keywords(BaseModel):
    """What a text is about.

    Attributes:
        keywords: Most relevant first.
        characters_sampled: How much of the text was weighed, in characters.
    """

    model_config = ConfigDict(frozen=True)

    keywords: tuple[Keyword, ...]
    characters_sampled: Count


class Sentiment(BaseModel):
    """How a text feels.

    Attributes:
        sentiment: The verdict.
        polarity: From -1, all negative, to 1, all positive: the mean over sentences.
        positive_share: Share of sentences that are positive.
        negative_share: Share of sentences that are negative.
        course: Polarity of up to 24 parts of equal length, from beginning to end.
        unmeasured_because: Why nothing was measured and all is neutral; empty when it was.
    """

    model_config = ConfigDict(frozen=True)

    sentiment: SentimentLabel
    polarity: Polarity
    positive_share: Share
    negative_share: Share
    course: tuple[Polarity, ...]
    unmeasured_because: str


class PersonalDatum(BaseModel):
    """Something in a text that identifies a person; its value is never told in full.

    Attributes:
        kind: What it is.
        masked: Enough of it to recognise it, not enough to use it.
        occurrences: How often the text has it.
    """

    model_config = ConfigDict(frozen=True)

    kind: PersonalDatumKind
    masked: str
    occurrences: Count


class PersonalData(BaseModel):
    """What in a text identifies persons.

    Attributes:
        personal_data: In the order of first occurrence.
    """

    model_config = ConfigDict(frozen=True)

    personal_data: tuple[PersonalDatum, ...]


class Readability(BaseModel):
    """How hard a text is to read, by measures that hold in many languages.

    Attributes:
        reading_level: The verdict on *lix*.
        lix: Words per sentence plus the percentage of words longer than six letters.
        words: Number of words.
        sentences: Number of sentences.
        words_per_sentence: Mean length of a sentence.
        letters_per_word: Mean length of a word.
        reading_minutes: At 230 words a minute.
        sentence_lengths: Number of sentences of 1 to 5 words, 6 to 10 and so on; the last
            count, the tenth, is of those with more than 45.
    """

    model_config = ConfigDict(frozen=True)

    reading_level: ReadingLevel
    lix: float = Field(ge=0)
    words: Count
    sentences: Count
    words_per_sentence: float = Field(ge=0)
    letters_per_word: float = Field(ge=0)
    reading_minutes: float = Field(ge=0)
    sentence_lengths: tuple[Count, ...]


class Summary(BaseModel):
    """A text in a few of its own sentences.

    Attributes:
        summary_sentences: In the order of the text.
    """

    model_config = ConfigDict(frozen=True)

    summary_sentences: tuple[str, ...]
