"""Whoever wrote it: a document, or what is wrong with it; never a hang and never a crash."""

from __future__ import annotations

import contextlib
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_core.errors import ConfigError
from registry_core.text.toml import read_toml

PIECES = st.sampled_from(
    [
        *(
            "a",
            ".",
            '"',
            '"""',
            "'",
            "'''",
            "\\",
            "\n",
            "\r\n",
            "#",
            "[",
            "]",
            "{",
            "}",
            "=",
            ",",
            " ",
        ),
        *(
            "1",
            "0xff",
            "nan",
            "1979-05-27",
            "\x00",
            "\ufeff",
            "é",
            "[[",
            "]]",
            "a.b = 1\n",
            "[t]\n",
        ),
    ]
)


def refused(content: str) -> str:
    """Return why *content* is refused, and check that it is at once."""
    start = time.process_time()
    with pytest.raises(ConfigError) as error:
        read_toml("a.toml", content.encode())
    assert time.process_time() - start < 5
    return str(error.value)


@pytest.mark.fault("F89", "F91")
class TestAnything:
    @settings(deadline=None)
    @given(st.binary(max_size=200))
    def test_bytes_are_a_document_or_refused(self, content: bytes) -> None:
        """The file may be anybody's, a picture too."""
        try:
            toml = read_toml("a.toml", content)
        except ConfigError:
            return
        assert json.loads(json.dumps(toml.document)) == toml.document

    @settings(deadline=None)
    @given(st.lists(PIECES, max_size=60).map("".join))
    def test_what_looks_like_toml_is_a_document_or_refused(self, content: str) -> None:
        """Random bytes hardly ever get past the first letter."""
        try:
            toml = read_toml("a.toml", content.encode())
        except ConfigError:
            return
        assert json.loads(json.dumps(toml.document)) == toml.document

    @settings(deadline=None)
    @given(st.lists(PIECES, max_size=60).map("".join), st.integers(5_000, 20_000))
    def test_repeating_it_takes_no_longer_than_reading_it(self, piece: str, times: int) -> None:
        """What takes quadratic time is found by repeating a little."""
        content = (piece * times)[: 1 << 16].encode()
        start = time.process_time()
        with contextlib.suppress(ConfigError):
            read_toml("a.toml", content)

        assert time.process_time() - start < 5


@pytest.mark.fault("F89")
class TestHostile:
    @pytest.mark.parametrize(
        "content",
        [
            pytest.param("a." * 20_000 + "b = 1\n", id="dotted key"),
            pytest.param("[" + "a." * 20_000 + "b]\n", id="dotted table"),
            pytest.param('x = """\n"""\na' + ".a" * 20_000 + " = 1", id="after a text of lines"),
            pytest.param('x = """\n" """\n[' + "a." * 20_000 + "b]", id="quote hides the key"),
            pytest.param('x = """\n\'""", { ' + "a." * 20_000 + "b = 1 }", id="quote in text"),
            pytest.param("x = " + "[" * 100_000 + "\n", id="deep array"),
            pytest.param("x = " + "{ a = " * 10_000 + "\n", id="deep tables"),
            pytest.param(
                "x = " + ("{ " + ".".join("a" * 30) + " = ") * 200 + "1" + " }" * 200,
                id="dotted keys, nested",
            ),
            pytest.param("# " + "x" * (11 << 20), id="large"),
            pytest.param('"""\n' + 'x\\"""\n' * 170_000 + "\\", id="openings without an end"),
            pytest.param('x = "' + "\\\\" * 300_000 + "\\", id="backslashes"),
            pytest.param("x = " + "9" * 100_000, id="number of many digits"),
            pytest.param("x = 0x" + "f" * 100_000, id="hexadecimal number of many digits"),
        ],
    )
    def test_it_is_refused_at_once(self, content: str) -> None:
        """Python's parser takes gigabytes, or all its stack, for some of them."""
        refused(content)

    def test_what_json_cannot_say_is_refused_with_line_and_path(self) -> None:
        """It would be found later, far from the file."""
        message = refused("a = 1\n[t]\nb = nan\nc = [1, 1979-05-27]\nd = 9223372036854775808\n")

        assert "line 3: t.b: must be a finite number" in message
        assert "line 4: t.c[1]: must be text" in message
        assert "line 5: t.d: must be a number of 64 bits" in message

    def test_dots_in_values_are_only_text(self) -> None:
        """A long path is no long key."""
        assert read_toml("a.toml", f'x = "{"a." * 4000}"'.encode()).lines["x",] == 1
