"""Tests of the exceptions: facts as attributes, and text that says what to do."""

from __future__ import annotations

import inspect

import pytest

from registry_core import errors
from registry_core.errors import (
    AgentLoadError,
    AmbiguousNameError,
    ConfigError,
    Fault,
    InvalidNameError,
    ManifestError,
    NoPlanError,
    RegistryError,
    UnknownNameError,
)


class TestTree:
    def test_the_drawing_shows_every_class(self) -> None:
        """The docstring is the page that people read."""
        drawing = inspect.getdoc(errors) or ""
        public = [name for name in errors.__all__ if name != "Fault"]

        assert [name for name in public if name not in drawing] == []

    def test_everything_has_one_root(self) -> None:
        """One except clause catches all that is raised on purpose."""
        raised = [getattr(errors, name) for name in errors.__all__ if name.endswith("Error")]

        assert all(issubclass(kind, RegistryError) for kind in raised)


class TestTexts:
    def test_a_name_is_shown_escaped(self) -> None:
        """A look-alike is exactly why it was refused."""
        assert "\\u043e" in str(InvalidNameError("plugin name", "w\u043erds", "ASCII"))
        assert "\\u043e" in str(UnknownNameError("agent", "w\u043erds"))

    def test_one_fault_stands_on_the_line_and_several_below_it(self) -> None:
        """Short when it is short, a list when it is one."""
        one = ConfigError("agentreg.toml", [Fault("line 3: run.timeout", "is unknown")])
        two = ManifestError("agents.json", [Fault("a", "x"), Fault("", "y")])

        assert str(one) == (
            "configuration agentreg.toml cannot be used: line 3: run.timeout: is unknown"
        )
        assert str(two) == "manifest agents.json is not valid, 2 faults:\n  a: x\n  y"

    def test_an_ambiguous_agent_comes_with_the_pin_to_write(self) -> None:
        """The way out is one line long."""
        text = str(AmbiguousNameError("agent", "echo", ["one/echo@1", "two/echo@1"]))

        assert "2 owners: one/echo@1, two/echo@1" in text
        assert '[pins] echo = "one/echo@1"' in text

    def test_an_unknown_name_offers_the_near_ones_or_the_list(self) -> None:
        """Most unknown names are typing errors."""
        assert "did you mean echo?" in str(UnknownNameError("agent", "ecko", ["echo"]))
        assert "agentreg agents" in str(UnknownNameError("agent", "ecko"))

    def test_an_agent_that_cannot_be_loaded_says_at_which_step(self) -> None:
        """Missing code and refused code are different problems."""
        error = AgentLoadError("words/echo@1", "import", "SystemExit while words was imported")

        assert (error.agent, error.step) == ("words/echo@1", "import")
        assert "(import): SystemExit" in str(error)

    def test_no_plan_tells_how_far_it_got(self) -> None:
        """What was reached is where to look for the missing agent."""
        error = NoPlanError(have=["Html"], want=["Report"], reached=["Text"], missing=["Report"])

        assert str(error).splitlines()[:3] == [
            "no pipeline from Html to Report",
            "  missing: Report",
            "  reached: Text",
        ]


class TestFault:
    def test_equal_faults_are_equal(self) -> None:
        """Tests compare lists of them."""
        assert Fault("a", "b") == Fault("a", "b") != Fault("a", "c")
        assert len({Fault("a", "b"), Fault("a", "b")}) == 1
        assert Fault("a", "b") != "a: b"
        assert repr(Fault("a", "b")) == "Fault('a', 'b')"


@pytest.mark.fault("F94")
def test_a_refused_value_is_not_part_of_a_settings_error() -> None:
    """A settings file may hold a password at the wrong place."""
    from registry_core.settings.reading import read_settings
    from registry_core.settings.sources import SettingsSource

    source = SettingsSource()
    source.files = (("x.toml", b'[run]\ntimeout_seconds = "sk-CANARY-1"\n'),)

    with pytest.raises(ConfigError) as refused:
        read_settings(source)

    assert "CANARY" not in str(refused.value)
