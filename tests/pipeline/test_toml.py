"""What is written as TOML reads back as what it was."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_core.pipeline.toml import toml_text
from registry_core.text.lines import toml_lines

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonObject

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
VALUES = st.recursive(
    TEXT
    | st.integers(-(2**63), 2**63 - 1)
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=10,
)
DOCUMENTS = st.dictionaries(TEXT, VALUES, max_size=4)


class TestWriting:
    @given(DOCUMENTS)
    def test_any_document_without_null_reads_back_equal(self, document: dict[str, object]) -> None:
        """The writer is ours, so Python's reader judges it."""
        text = toml_text(cast("JsonObject", document))

        assert tomllib.loads(text) == document
        assert toml_lines(text)[()] == 1

    def test_a_null_is_refused(self) -> None:
        """Leaving it out would change a setting without a word."""
        with pytest.raises(ValueError, match="null"):
            toml_text({"stages": [{"config": {"limit": None}}]})
