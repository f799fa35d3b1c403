"""Which sentences stand for a text."""

from __future__ import annotations

from document_schemas import DocumentText
from hypothesis import given
from hypothesis import strategies as st
from text_agents.summary import summarise

ASIDE = "My neighbour painted his garden fence a strange shade of green last week."
HARBOUR = (
    "The harbour needs a deeper channel before larger ships can call. A deeper channel would let"
    " larger ships reach the harbour at low tide. Fishermen fear that dredging the harbour channel"
    f" disturbs the oyster beds. {ASIDE} The council will decide on dredging the harbour in"
    " autumn. Oyster farmers asked the council for a study of the dredging. Larger ships would"
    " bring trade to the harbour and its market. The study of the oyster beds ends in autumn."
)


def _text(text: str) -> DocumentText:
    return DocumentText(title="A title", source_name="a.txt", text=text)


class TestSummary:
    def test_what_stands_apart_is_left_out(self) -> None:
        """A summary is about what the text is about."""
        assert ASIDE not in summarise(_text(HARBOUR)).summary_sentences

    def test_sentences_keep_the_order_of_the_text(self) -> None:
        """An answer before its question is no summary."""
        places = [HARBOUR.index(one) for one in summarise(_text(HARBOUR)).summary_sentences]

        assert places == sorted(places)
        assert len(places) > 2

    def test_nothing_is_said_twice(self) -> None:
        """Boilerplate repeats; a summary has no room for it."""
        found = summarise(_text(HARBOUR + " " + HARBOUR)).summary_sentences

        assert len(set(found)) == len(found)

    @given(st.text(alphabet="ab. A\n", max_size=80))
    def test_every_sentence_is_the_texts_own(self, text: str) -> None:
        """Extracted, never invented."""
        flat = " ".join(text.split())

        assert all(one in flat for one in summarise(_text(text)).summary_sentences)
