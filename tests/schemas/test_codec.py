"""Only JSON crosses between classes, and it crosses unharmed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import pytest
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from registry_core.errors import DefinitionError
from registry_core.schemas.codec import Codec, codec_of, dump_any

_TRUE = bool(1)


class Page(BaseModel):
    """A page with an alias and an optional number."""

    text: str = Field(alias="Text")
    score: float | None = None


class Twin(BaseModel):
    """Another team's class of the same structure."""

    text: str = Field(alias="Text")
    score: float | None = None


@dataclass
class Point:
    """A point."""

    x: float


class Note(TypedDict):
    """A note."""

    text: str


class TestCrossing:
    @pytest.mark.parametrize(
        ("annotation", "value"),
        [
            (Page, Page(Text="a", score=None)),
            (Point, Point(1.5)),
            (Note, Note(text="a")),
            (list[Point], [Point(0.0)]),
            (datetime, datetime(2030, 1, 1, tzinfo=UTC)),
            (bytes, b"abc"),
            (str, "NaN, Infinity and 1e400"),
            (int | None, None),
        ],
        ids=str,
    )
    def test_a_value_comes_back_equal(self, annotation: object, value: object) -> None:
        """A worker, a cache and a stranger's agent all see what was given."""
        codec = codec_of(annotation)

        assert codec.load(codec.dump(value)) == value

    @pytest.mark.fault("F38")
    def test_a_strangers_class_of_the_same_structure_takes_it(self) -> None:
        """Two packages may each bring their own copy of a model; nothing asks for the class."""
        taken = codec_of(Twin).load(codec_of(Page).dump(Page(Text="a")))

        assert taken == Twin(Text="a")

    @pytest.mark.fault("F31")
    @pytest.mark.parametrize(
        ("annotation", "data"),
        [(int, b"true"), (int, b'"1"'), (float, b'"1.5"'), (bool, b"1"), (str, b"1")],
    )
    def test_nothing_is_coerced(self, annotation: object, data: bytes) -> None:
        """What a plan proved about types must hold when it runs."""
        with pytest.raises(DefinitionError):
            codec_of(annotation).load(data)

    def test_an_integer_is_also_a_number(self) -> None:
        """JSON writes 1.0 as it likes."""
        assert codec_of(float).load(b"1") == 1.0


@pytest.mark.fault("F28")
class TestNumbersThatAreNot:
    @pytest.mark.parametrize("data", [b"[NaN]", b"[-Infinity]", b"[1e400]", b"[1E+999]"])
    def test_they_do_not_come_in(self, data: bytes) -> None:
        """They are no JSON, whatever a parser says."""
        with pytest.raises(DefinitionError, match="not finite"):
            codec_of(list[float]).load(data)

    @pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
    def test_they_do_not_go_out_as_null(self, number: float) -> None:
        """A null would be believed downstream: a number became an absence."""
        with pytest.raises(DefinitionError):
            codec_of(Page).dump(Page(Text="a", score=number))
        with pytest.raises(DefinitionError):
            dump_any([number])


class TestErrors:
    @pytest.mark.fault("F33")
    def test_all_faults_come_with_their_path_and_none_with_the_value(self) -> None:
        """The value may be a customer's text; the path is what helps."""
        with pytest.raises(DefinitionError) as caught:
            codec_of(list[Page]).load(b'[{"Text": 1}, {"score": "sk-CANARY-1"}]')

        assert {fault.path for fault in caught.value.faults} >= {"0.Text", "1.Text"}
        assert "CANARY" not in str(caught.value)

    def test_an_object_that_is_not_of_the_type_is_not_dumped(self) -> None:
        """An agent that breaks its own promise is caught at its own door."""
        with pytest.raises(DefinitionError):
            codec_of(Page).dump(object())

    def test_text_that_is_no_json_is_refused(self) -> None:
        """A torn file in a cache is an error, not a value."""
        with pytest.raises(DefinitionError):
            codec_of(list[float]).load(b"[NaN")


class TestHolding:
    def test_an_object_of_the_class_needs_no_crossing(self) -> None:
        """The same class on both sides passes the object itself, untouched."""
        assert codec_of(Page).holds(Page(Text="a"))
        assert not codec_of(Page).holds(Twin(Text="a"))

    def test_a_typed_dict_has_no_class_of_its_own(self) -> None:
        """Any dict could claim to be one, so each is checked."""
        assert not codec_of(Note).holds({"text": "a"})

    def test_truth_is_no_integer_and_a_constraint_is_checked(self) -> None:
        """Python calls True an int; the schema that others planned with does not."""
        assert not codec_of(int).holds(_TRUE)
        assert codec_of(bool).holds(_TRUE)
        assert not codec_of(Annotated[int, Field(ge=1)]).holds(0)

    def test_a_codec_is_made_once(self) -> None:
        """Making one costs more than using it a hundred times."""
        assert codec_of(Page) is codec_of(Page)
        assert isinstance(codec_of(Annotated[int, []]), Codec)
