"""The index: what is reached, by whom a need is met, and what it refuses."""

from __future__ import annotations

import pytest

from registry_core.composer.index import Operation, OperationIndex


class TestReach:
    def test_an_operation_runs_when_the_last_of_its_needs_is_met(self) -> None:
        """A join of two branches must not be offered after the first."""
        index = OperationIndex([Operation("join", ("b", "c"), ("d",))])

        assert index.reach(["b"]).operations == ()
        assert index.reach(["b", "c"]).operations == ("join",)

    def test_a_type_satisfies_the_needs_it_is_related_to_and_no_other(self) -> None:
        """Compatibility is decided by schemas, never by two names being equal."""
        index = OperationIndex(
            [Operation("x", ("Page",), ("Text",))], satisfies={"Html": ["Page"], "Page": []}
        )

        assert index.reach(["Html"]).operations == ("x",)
        assert index.reach(["Page"]).operations == ()

    def test_an_operation_without_needs_runs_from_nothing(self) -> None:
        """A clock or a generator agent needs no input."""
        index = OperationIndex([Operation("now", (), ("Time",))])

        assert index.reach([]).needs == {"Time"}

    def test_one_need_asked_for_twice_is_met_once(self) -> None:
        """Comparing a text with itself takes one source for both inputs."""
        index = OperationIndex([Operation("compare", ("Text", "Text"), ("Score",))])

        assert index.reach(["Text"]).operations == ("compare",)

    def test_what_is_excluded_is_not_reached_through(self) -> None:
        """A blocked agent must not open a way for others."""
        index = OperationIndex([Operation("x", ("a",), ("b",)), Operation("y", ("b",), ("c",))])

        assert index.reach(["a"], {"x"}).operations == ()


class TestGrowing:
    def test_an_added_operation_is_found_by_the_next_search(self) -> None:
        """Installing one plugin does not compile the catalog again."""
        index = OperationIndex([Operation("x", ("a",), ("b",))])

        index.add(Operation("y", ("b",), ("c",)))

        assert index.reach(["a"]).operations == ("x", "y")
        assert index.givers("c") == ("y",)

    def test_a_taken_id_is_refused(self) -> None:
        """Two operations of one id would make plans ambiguous."""
        index = OperationIndex([Operation("x", (), ("b",))])

        with pytest.raises(ValueError, match="operation x is in the index already"):
            index.add(Operation("x", (), ("c",)))

    def test_a_relation_is_said_once(self) -> None:
        """A second answer to one question would depend on who asked first."""
        index = OperationIndex(satisfies={"a": ["b"]})

        with pytest.raises(ValueError, match="what 'a' satisfies"):
            index.relate("a", ["c"])


class TestOperation:
    @pytest.mark.parametrize("number", [-1.0, float("inf"), float("nan")])
    def test_a_number_that_cannot_be_ordered_is_refused(self, number: float) -> None:
        """One NaN would make the order of all plans arbitrary."""
        with pytest.raises(ValueError, match="finite"):
            Operation("x", (), (), cost=number)
        with pytest.raises(ValueError, match="finite"):
            Operation("x", (), (), latency_seconds=number)

    def test_an_empty_id_is_refused(self) -> None:
        """It could not be named in any report."""
        with pytest.raises(ValueError, match="needs an id"):
            Operation("", (), ())
