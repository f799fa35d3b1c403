"""A fault in a file is worth its line."""

from __future__ import annotations

import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_core.definitions.schema import JsonObject, JsonValue  # noqa: TC001 -- hints are resolved
from registry_core.text.lines import (
    Steps,
    has_long_key,
    json_lines,
    line_of,
    steps_of,
    toml_lines,
)

KEYS = st.text(st.characters(codec="utf-8", exclude_characters="\r"), min_size=1, max_size=5)
DOCUMENTS = st.dictionaries(
    KEYS,
    st.recursive(
        st.text(max_size=5) | st.integers() | st.booleans(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


def paths(value: JsonValue, root: Steps = ()) -> set[Steps]:
    """Return the steps to every value within *value*."""
    found = {root}
    if isinstance(value, dict):
        found.update(*(paths(part, (*root, key)) for key, part in value.items()))
    elif isinstance(value, list):
        found.update(*(paths(part, (*root, place)) for place, part in enumerate(value)))
    return found


class TestJson:
    @given(DOCUMENTS)
    def test_every_value_has_a_line_that_holds_it(self, document: JsonObject) -> None:
        """A value that is missing would be blamed on its neighbour."""
        text = json.dumps(document, indent=1)

        lines = json_lines(text)

        assert set(lines) == paths(document)
        for steps, line in lines.items():
            if steps and isinstance(steps[-1], str):
                assert json.dumps(steps[-1]) in text.split("\n")[line - 1]


class TestToml:
    def test_stages_bindings_and_policies_stand_where_an_editor_shows_them(self) -> None:
        """Keys repeat in each stage, so their names alone lead to the wrong one."""
        text = (
            '# a "comment" = 1\nname = "p"\n\n[[stages]]\nid = "a"\n'
            'bindings = [\n  { input = "x", source.stage = "s" }, # one\n  { input = "y" },\n]\n'
            "[stages.policy]\nmax_attempts = 2\n[[stages]]\n"
            'id = """\nb"""\nconfig."a.b" = { "k" = [1,\n2] }\n'
        )
        assert tomllib.loads(text)

        lines = toml_lines(text)

        assert {steps: lines[steps] for steps in lines if steps} == {
            ("name",): 2,
            ("stages",): 4,
            ("stages", 0): 4,
            ("stages", 0, "id"): 5,
            ("stages", 0, "bindings"): 6,
            ("stages", 0, "bindings", 0): 7,
            ("stages", 0, "bindings", 0, "input"): 7,
            ("stages", 0, "bindings", 0, "source"): 7,
            ("stages", 0, "bindings", 1): 8,
            ("stages", 0, "bindings", 1, "input"): 8,
            ("stages", 0, "policy"): 10,
            ("stages", 0, "policy", "max_attempts"): 11,
            ("stages", 1): 12,
            ("stages", 1, "id"): 13,
            ("stages", 1, "config"): 15,
            ("stages", 1, "config", "a.b"): 15,
            ("stages", 1, "config", "a.b", "k"): 15,
            ("stages", 1, "config", "a.b", "k", 0): 15,
            ("stages", 1, "config", "a.b", "k", 1): 16,
        }

    def test_what_has_no_line_of_its_own_gets_that_of_what_is_around_it(self) -> None:
        """A missing key stands nowhere."""
        lines = toml_lines('[[stages]]\nid = "a"\n\n[[stages]]\nid = "b"\n')

        assert line_of(lines, steps_of("stages[1].agent")) == 4
        assert line_of(lines, steps_of("outputs")) == 1


class TestLongKeys:
    @pytest.mark.parametrize(
        "text",
        [
            "a." * 40 + "a = 1",
            " . ".join("a" * 40) + " = 1",
            ".".join(['"a"'] * 40) + " = 1",
            "[" + "a." * 40 + "a]",
            'x = ["""\n\'""", {' + "a." * 40 + "a = 1}]",
        ],
    )
    def test_a_key_of_many_parts_is_found_however_it_is_written(self, text: str) -> None:
        """Python's parser takes quadratic time over it."""
        assert tomllib.loads(text)

        assert has_long_key(text, 32)

    @pytest.mark.parametrize(
        "text", ["# " + "a." * 40, "x = '" + "a." * 40 + "'", "x = 1.5\n" * 40]
    )
    def test_dots_elsewhere_do_not_count(self, text: str) -> None:
        """Prose has dots."""
        assert not has_long_key(text, 32)
