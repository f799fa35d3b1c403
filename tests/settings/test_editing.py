"""One value changes, and every comment stays."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_core.errors import ConfigError
from registry_core.pipeline.toml import toml_text
from registry_core.settings.editing import with_value, without_value
from registry_core.settings.keys import key_of, key_text, part_at
from registry_core.text.toml import read_toml

WRITTEN = b"""\
# ours, since 2024
format = 1   # one

[run]        # slow machines
# a minute
timeout_seconds = 60.0   # in seconds
middleware = [
  "a/cache",   # first
  "b/trace",
]

[pins]
echo = "words"
pair = { b = 1, c = { d = 2 } } # inline

[agents."text-agents/summarise".config]
limits.rpm = 5
"""
SUMMARISE = 'agents."text-agents/summarise"'
KEYS = st.sampled_from(
    [
        *("format", "run", "run.timeout_seconds", "run.middleware", "new", "new.er"),
        *("pins", "pins.echo", "pins.pair.b", "pins.pair.c.d", "pins.pair.c.e", 'pins."a.b"'),
        *(SUMMARISE, f"{SUMMARISE}.config.limits.rpm", f"{SUMMARISE}.config.limits.tpm"),
        'agents."a/b".config.x',
    ]
)
VALUES = st.sampled_from([1, "text", 'q"uo\\te\n', True, ["a", "b"], {"env": "KEY"}, 2.5, {}])


def lines(content: bytes) -> list[str]:
    """Return the lines of *content*."""
    return content.decode().splitlines()


@pytest.mark.requirement("R84")
class TestSetting:
    def test_only_the_value_changes(self) -> None:
        """People write down why; a tool that drops it is used once."""
        changed = with_value("a.toml", WRITTEN, ("run", "timeout_seconds"), 5)

        assert changed == WRITTEN.replace(b"60.0", b"5")

    def test_a_value_over_many_lines_is_replaced_whole(self) -> None:
        """And what follows it stays."""
        changed = with_value("a.toml", WRITTEN, ("run", "middleware"), ["x"])

        before, _, rest = WRITTEN.partition(b'[\n  "a/cache"')
        assert changed == before + b'["x"]' + rest.partition(b"]")[2]

    def test_a_new_key_stands_at_the_end_of_its_table(self) -> None:
        """Not in a second table of the same name, which TOML refuses."""
        changed = lines(with_value("a.toml", WRITTEN, ("pins", "new"), "x"))

        assert changed.index('new = "x"') == lines(WRITTEN).index("[pins]") + 3

    def test_a_new_table_stands_at_the_end_of_the_file(self) -> None:
        """With a line between."""
        changed = with_value("a.toml", WRITTEN, ("cli", "level"), 1)

        assert changed == WRITTEN + b"\n[cli]\nlevel = 1\n"

    def test_a_table_on_one_line_is_changed_within(self) -> None:
        """The comment behind it stays."""
        changed = with_value("a.toml", WRITTEN, ("pins", "pair", "c", "d"), 3)

        assert b"pair = { b = 1, c = { d = 3 } } # inline\n" in changed

    def test_carriage_returns_and_byte_order_marks_stay(self) -> None:
        """An editor on Windows wrote them, and will read the file again."""
        content = b"\xef\xbb\xbf" + WRITTEN.replace(b"\n", b"\r\n")

        changed = with_value("a.toml", content, ("pins", "new"), "x")

        assert changed.startswith(b"\xef\xbb\xbf# ours")
        assert changed.count(b"\n") == changed.count(b"\r\n") == content.count(b"\n") + 1

    @settings(deadline=None)
    @given(KEYS, VALUES)
    def test_what_comes_out_says_what_was_meant_and_all_else_stays(
        self, key: str, value: object
    ) -> None:
        """Python's reader judges, and comments outside of what was replaced are all there."""
        steps = key_of(key)
        changed = with_value("a.toml", WRITTEN, steps, value)  # type: ignore[arg-type]

        found = tomllib.loads(changed.decode())
        assert part_at(found, steps) == value
        assert b"# ours, since 2024" in changed
        for other, was in read_toml("", WRITTEN).document.items():
            assert other == steps[0] or found[other] == was

    @settings(deadline=None)
    @given(KEYS)
    def test_what_is_taken_out_is_gone_and_all_else_stays(self, key: str) -> None:
        """And taking it out twice is taking it out once."""
        steps = key_of(key)

        changed = without_value("a.toml", WRITTEN, steps)

        assert part_at(tomllib.loads(changed.decode()), steps) is None
        assert without_value("a.toml", changed, steps) == changed
        assert b"# ours, since 2024" in changed

    @settings(deadline=None)
    @given(
        st.dictionaries(
            st.sampled_from("abc"),
            st.recursive(
                st.integers(0, 9) | st.text(max_size=3),
                lambda inner: (
                    st.dictionaries(st.sampled_from("abc"), inner, max_size=2)
                    | st.lists(inner, max_size=2)
                ),
                max_leaves=6,
            ),
            max_size=3,
        ),
        st.lists(st.sampled_from("abc"), min_size=1, max_size=3),
    )
    def test_any_layout_is_changed_rightly_or_refused(
        self, document: dict[str, object], key: list[str]
    ) -> None:
        """Better no change than another one."""
        content = toml_text(document).encode()  # type: ignore[arg-type]
        try:
            changed = with_value("a.toml", content, tuple(key), "new")
        except ConfigError:
            return
        assert part_at(tomllib.loads(changed.decode()), tuple(key)) == "new"

    def test_a_file_that_is_no_toml_is_refused(self) -> None:
        """There is nothing to keep the layout of."""
        with pytest.raises(ConfigError, match="line 1, column"):
            with_value("a.toml", b"a = = 1\n", ("a",), 1)


class TestKeys:
    @settings(deadline=None)
    @given(st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=4))
    def test_a_key_that_is_shown_can_be_typed(self, steps: list[str]) -> None:
        """Copy it out of a list, paste it behind `config get`."""
        try:
            found = key_of(key_text(tuple(steps)))
        except ConfigError:
            assert any(set("#\n\x7f") & set(step) or not step.isprintable() for step in steps)
            return
        assert found == tuple(steps)

    @pytest.mark.parametrize("text", ["", "a b", "a = 1", "a\nb", '"a', "a..b", "[a]", "a = 1 # "])
    def test_what_is_no_key_is_refused(self, text: str) -> None:
        """It would change something else."""
        with pytest.raises(ConfigError, match="key: is none"):
            key_of(text)
