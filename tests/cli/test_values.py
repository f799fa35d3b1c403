"""Tests of typed values, before they become inputs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from pydantic import BaseModel

from registry_core.cli.values import completed, media_type_of, parse_have, written_output
from registry_core.schemas.from_model import schema_of

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonValue


class Note(BaseModel):
    """A schema with a default that others tell it by."""

    kind: Literal["note"] = "note"
    text: str


class TestCompleted:
    def test_a_field_that_was_left_out_gets_its_default(self) -> None:
        """The plan was made as if an agent had given the value, with all its fields."""
        assert completed({"text": "a"}, schema_of(Note)) == {"kind": "note", "text": "a"}

    def test_what_was_given_stays(self) -> None:
        """A default never overrides."""
        value: JsonValue = {"kind": "memo", "text": "a"}

        assert completed(value, schema_of(Note)) == value

    def test_a_value_that_is_no_object_stays_as_it_is(self) -> None:
        """Its own schema will judge it."""
        assert completed([1], schema_of(Note)) == [1]


class TestParseHave:
    def test_a_name_alone_has_no_value(self) -> None:
        """Planning needs none."""
        assert parse_have("Note") == ("Note", None, False)

    def test_json_after_the_sign_is_the_value(self) -> None:
        """The quickest way to try an agent."""
        assert parse_have('Note={"text": "a=b"}') == ("Note", {"text": "a=b"}, True)


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.HTML", "text/html"),
        ("a.md", "text/markdown"),
        ("a.pdf", "application/pdf"),
        ("a", "application/octet-stream"),
    ],
)
def test_the_name_of_a_file_tells_its_media_type(name: str, media_type: str) -> None:
    """That is how the planner knows what it starts from."""
    assert media_type_of(Path(name)) == media_type


def test_what_is_written_is_the_document_and_else_the_json() -> None:
    """A report is to be opened, and not to be decoded first."""
    document: JsonValue = {"media_type": "text/plain", "content": "aGk="}

    assert written_output(document) == b"hi"
    assert written_output([1]) == b"[\n  1\n]\n"
