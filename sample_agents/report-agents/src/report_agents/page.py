"""The report as a page: what it says, in which order."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from report_agents.charts import keyword_bars, sentence_columns, sentiment_course
from report_agents.markup import Markup, element, joined

if TYPE_CHECKING:
    from document_schemas import PersonalData, Readability, ReportFacts, Sentiment

__all__ = ["render"]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_MINUTES_PER_HOUR = 60


def render(title: str, source_name: str, facts: ReportFacts) -> str:
    """Return the whole page; the same facts give the same page."""
    style = Markup(files("report_agents").joinpath("style.css").read_text(encoding="utf-8"))
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"Report: {title}"),
        element("style", style),
    )
    body = element(
        "body",
        _header(title, source_name, facts),
        element("main", _tiles(facts), *_sections(facts)),
        element("footer", "This page is complete: it loads nothing and runs nothing."),
    )
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _header(title: str, source_name: str, facts: ReportFacts) -> Markup:
    code = facts.language.language_code
    line = " \u00b7 ".join(
        (
            source_name,
            f"{facts.readability.words:,} words",
            f"{_duration(facts.readability.reading_minutes)} to read",
        )
    )
    return element(
        "header",
        element("p", "Document report", class_="kind"),
        element("h1", title, lang=code),
        element("p", line, class_="source"),
    )


def _tiles(facts: ReportFacts) -> Markup:
    language, readability, sentiment = facts.language, facts.readability, facts.sentiment
    found = facts.personal_data.personal_data
    count = sum(one.occurrences for one in found)
    kinds = ", ".join(dict.fromkeys(one.kind for one in found))
    feeling = f"polarity {sentiment.polarity:+.2f}"
    return element(
        "dl",
        _tile("Language", language.language_name, f"{language.confidence:.0%} sure"),
        _tile("Reading", readability.reading_level, f"LIX {readability.lix:g}"),
        _tile(
            "Sentiment",
            "not measured" if sentiment.unmeasured_because else sentiment.sentiment,
            sentiment.unmeasured_because or feeling,
        ),
        _tile(
            "Personal data",
            f"{count:,} found" if found else "none found",
            kinds or "as far as patterns can tell",
        ),
        class_="tiles",
    )


def _tile(name: str, value: str, detail: str) -> Markup:
    return element(
        "div",
        element("dt", name),
        element("dd", value, class_="value"),
        element("dd", detail, class_="detail"),
    )


def _sections(facts: ReportFacts) -> tuple[Markup, ...]:
    code = facts.language.language_code
    sentences = facts.summary.summary_sentences
    lines = (element("li", sentence) for sentence in sentences)
    keywords = facts.keywords.keywords
    return (
        _section(
            "In its own words",
            element("ul", *lines, lang=code) if sentences else _nothing("The text is empty."),
            class_="wide summary",
        ),
        _section(
            "Keywords",
            keyword_bars(keywords) if keywords else _nothing("No phrase stands out."),
            "Bars show relevance, numbers how often the text has the phrase. Weighed by"
            f" {facts.keywords.characters_sampled:,} characters.",
            class_="wide",
        ),
        _readability(facts.readability),
        _sentiment(facts.sentiment),
        _personal_data(facts.personal_data),
    )


def _section(title: str, content: Markup, note: str = "", *, class_: str = "") -> Markup:
    caption = element("p", note, class_="note") if note else Markup()
    return element("section", element("h2", title), content, caption, class_=class_)


def _nothing(reason: str) -> Markup:
    return element("p", reason, class_="nothing")


def _readability(found: Readability) -> Markup:
    note = (
        f"{found.sentences:,} sentences by their number of words, {found.words_per_sentence:g} on"
        f" average; {found.letters_per_word:g} letters a word."
    )
    return _section("Sentence lengths", sentence_columns(found.sentence_lengths), note)


def _sentiment(found: Sentiment) -> Markup:
    if found.unmeasured_because:
        return _section("Sentiment", _nothing(f"Not measured: {found.unmeasured_because}."))
    note = (
        f"{found.positive_share:.0%} of the sentences are positive and"
        f" {found.negative_share:.0%} negative."
    )
    return _section("Sentiment from beginning to end", sentiment_course(found.course), note)


def _personal_data(found: PersonalData) -> Markup:
    if not found.personal_data:
        return _section("Personal data", _nothing("None found."), class_="wide")
    head = element("tr", *(element("th", name) for name in ("Kind", "Masked value", "Times")))
    rows = (
        element(
            "tr",
            element("td", one.kind),
            element("td", element("code", one.masked)),
            element("td", f"{one.occurrences:,}"),
        )
        for one in found.personal_data
    )
    table = element("table", element("thead", head), element("tbody", joined(*rows)))
    return _section("Personal data", table, class_="wide")


def _duration(minutes: float) -> str:
    """Return *minutes* as people say it.

    >>> _duration(0.3), _duration(42.4), _duration(467.8)
    ('1 min', '42 min', '7 h 48 min')
    """
    whole = max(1, round(minutes))
    hours, rest = divmod(whole, _MINUTES_PER_HOUR)
    return f"{hours} h {rest} min" if hours else f"{rest} min"
