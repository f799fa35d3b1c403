"""What counts as personal data, and how little of it is told."""

from __future__ import annotations

import pytest
from document_schemas import DocumentText
from hypothesis import given
from hypothesis import strategies as st
from text_agents.personal_data import PersonalDataConfig, find_personal_data


def _text(text: str) -> DocumentText:
    return DocumentText(title="A title", source_name="a.txt", text=text)


def _found(text: str, region: str = "US") -> list[tuple[str, str, int]]:
    data = find_personal_data(_text(text), PersonalDataConfig(region=region)).personal_data
    return [(one.kind, one.masked, one.occurrences) for one in data]


class TestKinds:
    @pytest.mark.parametrize(
        ("text", "kind", "masked"),
        [
            ("mail ada.l@mail.example.org.", "email address", "a…@….org"),
            ("call +31 20 123 4567 now", "phone number", "+31 …67"),
            ("call (212) 555-2368", "phone number", "+1 …68"),
            ("pay DE89 3704 0044 0532 0130 00 PLEASE", "bank account", "DE …00"),
            ("pay NL91ABNA0417164300.", "bank account", "NL …00"),
            ("card 4111 1111 1111 1111", "payment card", "…1111"),
            ("card 5500-0000-0000-0004", "payment card", "…0004"),
            ("from 8.8.8.8.", "network address", "8.…"),
        ],
    )
    def test_each_is_found_and_masked(self, text: str, kind: str, masked: str) -> None:
        """A report that repeats the data is one more leak."""
        assert _found(text) == [(kind, masked, 1)]

    @pytest.mark.parametrize(
        "text",
        [
            "DE89 3704 0044 0532 0130 01",
            "4111 1111 1111 1112",
            "192.168.0.1 and 10.0.0.1 and 127.0.0.1",
            "999.1.1.1",
            "version 1.2.3.4.5",
            "not@mail",
            "in 1888 and 2024-05-06",
            "",
        ],
    )
    def test_what_only_looks_like_it_is_not(self, text: str) -> None:
        """A report full of false alarms is not read twice."""
        assert _found(text) == []

    def test_national_numbers_take_a_region(self) -> None:
        """020 1234567 is Amsterdam in the Netherlands and nothing in the United States."""
        assert _found("020 123 4567", region="NL") == [("phone number", "+31 …67", 1)]
        assert _found("020 123 4567", region="") == []


class TestCounting:
    def test_one_datum_in_several_spellings_is_one(self) -> None:
        """Who is named matters, not how often it was typed differently."""
        text = "+31 20 123 4567, +31-20-1234567; Ada@Example.org ada@example.org"

        assert _found(text) == [("phone number", "+31 …67", 2), ("email address", "a…@….org", 2)]

    def test_two_people_that_look_alike_when_masked_stay_two(self) -> None:
        """Masks are short; counting by mask would merge strangers."""
        assert len(_found("ada@example.org, abe@example.org")) == 2


class TestSecrecy:
    @given(
        st.from_regex(r"[a-z]{3,12}@[a-z]{3,12}\.(org|com)", fullmatch=True),
        st.text(alphabet="ab. \n", max_size=20),
    )
    def test_no_address_is_ever_told_in_full(self, address: str, around: str) -> None:
        """The one thing this agent must not do."""
        data = find_personal_data(_text(f"{around} {address} {around}"))

        assert address not in data.model_dump_json()

    @pytest.mark.parametrize("unit", ["a.", "1 ", "NL91", "@a", "4111 ", "1.1."])
    def test_no_repetition_stalls_it(self, unit: str) -> None:
        """One hostile page must not hold a thread for hours."""
        assert isinstance(_found(unit * 50_000), list)
