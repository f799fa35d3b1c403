"""A Python type becomes a named schema that tells the truth about both directions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal, NewType

import pytest
from pydantic import BaseModel, ConfigDict, Field, computed_field
from typing_extensions import TypedDict

from registry_core.authoring.agent import schema
from registry_core.errors import DefinitionError
from registry_core.schemas.from_model import schema_of

UserId = NewType("UserId", str)


class Page(BaseModel):
    """A page, with a default and an alias."""

    text: str
    words: int = 0
    media: str = Field(default="text/html", alias="mediaType")

    @computed_field
    def letters(self) -> int:
        """How many letters there are."""
        return len(self.text)


@dataclass
class Point:
    """A point."""

    x: float
    y: float = 0.0


class Note(TypedDict, total=False):
    """A note, maybe with a text."""

    text: str


class Open(BaseModel):
    """A model that lets anything else pass through."""

    model_config = ConfigDict(extra="allow")

    text: str


_NOWHERE = object()


class Folder(BaseModel):
    """A model with a default that JSON does not know."""

    place: object = _NOWHERE


class TestNames:
    @pytest.mark.parametrize(
        ("annotation", "name"),
        [
            (Page, "Page"),
            (list[Page], "list[Page]"),
            (dict[str, list[int]], "dict[str, list[int]]"),
            (tuple[int, ...], "tuple[int]"),
            (str | None, "str | None"),
            (Annotated[int, Field(ge=1)], "int"),
            (Literal["a", "b"], "Literal"),
            (UserId, "UserId"),
            (None, "None"),
        ],
        ids=str,
    )
    def test_a_schema_is_called_what_its_author_wrote(self, annotation: object, name: str) -> None:
        """Users type these names on a command line."""
        assert schema_of(annotation).name == name

    def test_a_decorated_class_has_the_name_and_version_it_asked_for(self) -> None:
        """Two teams may call different classes by one name; a published schema gets its own."""

        @schema(name="WebPage", version="1.1")
        class Html(BaseModel):
            text: str

        class Derived(Html):
            more: str

        made = schema_of(Html)

        assert (made.name, made.version) == ("WebPage", "1.1")
        assert (schema_of(Derived).name, schema_of(Derived).version) == ("Derived", "1.0")

    def test_one_structure_has_one_fingerprint_whoever_wrote_it(self) -> None:
        """Agents of strangers link because equal structure is equal identity."""
        mine = schema_of(Annotated[int, Field(ge=1, description="mine")])
        yours = schema_of(Annotated[int, Field(ge=1, title="yours")])

        assert mine.id == yours.id
        assert mine.id != schema_of(int).id


class TestDocuments:
    def test_what_is_taken_is_open_and_may_leave_defaults_out(self) -> None:
        """A consumer lives with values that are older or richer than its class."""
        accepts = schema_of(Page).accepts

        assert accepts["required"] == ["text"]
        assert "additionalProperties" not in accepts

    def test_what_is_given_is_closed_and_has_every_field_by_its_alias(self) -> None:
        """A producer's promise may be read as everything it will ever give."""
        emits = schema_of(Page).emits

        assert emits["required"] == ["text", "words", "mediaType", "letters"]
        assert emits["additionalProperties"] is False

    def test_a_model_that_passes_anything_on_is_not_closed(self) -> None:
        """Closing it would promise that keys are absent which may be there."""
        assert schema_of(Open).emits["additionalProperties"] is True

    def test_dataclasses_and_typed_dicts_are_closed_too(self) -> None:
        """Authors choose their own kind of class; the promise is the same."""
        assert schema_of(Point).emits["additionalProperties"] is False
        assert schema_of(Point).emits["required"] == ["x", "y"]
        assert schema_of(Note).emits["additionalProperties"] is False
        assert "required" not in schema_of(Note).emits

    def test_a_default_without_json_does_not_matter(self) -> None:
        """The document only leaves it out, and says so to nobody."""
        assert schema_of(Folder).accepts["properties"] == {"place": {"title": "Place"}}


class TestRefusals:
    @pytest.mark.parametrize("value", [3, "sk-CANARY-1", Page(text="sk-CANARY-1")], ids=type)
    @pytest.mark.fault("F33")
    def test_a_value_instead_of_its_type_is_named_and_not_repeated(self, value: object) -> None:
        """It is the commonest slip, and the value may be a secret."""
        with pytest.raises(DefinitionError, match="give its type") as caught:
            schema_of(value)

        assert "CANARY" not in str(caught.value)
        assert caught.value.subject == f"schema {type(value).__name__}"

    def test_a_type_that_json_cannot_hold_is_refused_with_advice(self) -> None:
        """Pydantic's own advice is for its models, not for signatures."""

        class Socket:
            pass

        with pytest.raises(DefinitionError, match="use a model, a dataclass or a builtin"):
            schema_of(Socket)

    def test_a_type_that_names_nothing_is_a_definition_error(self) -> None:
        """A typing slip in one plugin must not become a stray NameError in the host."""

        class Broken(BaseModel):
            other: Missing  # type: ignore[name-defined]  # noqa: F821 -- that is the point

        with pytest.raises(DefinitionError, match="not defined where it stands"):
            schema_of(Broken)

    def test_a_callable_is_no_value(self) -> None:
        """It could never cross to another agent."""
        with pytest.raises(DefinitionError):
            schema_of(Callable[[int], int])
