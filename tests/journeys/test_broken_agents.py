"""Real broken wheels beside good ones: each is one line, and the good ones never notice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.journeys.broken import (
    BROKEN,
    PLAIN,
    REPORT,
    Told,
    canary,
    everything_told,
    install_broken,
    markdown,
    run,
    write_hostile,
)
from tests.journeys.environment import ROOT, Environment

if TYPE_CHECKING:
    from pathlib import Path

PAGE = ROOT / "docs" / "explanation" / "failure.md"


@dataclass(frozen=True, slots=True)
class Wreck:
    """An environment in which everything is broken that can be.

    Attributes:
        environment: The environment.
        report: What the good agents gave beside the broken wheels.
        told: What the host says of each broken plugin, by distribution.
    """

    environment: Environment
    report: tuple[str, bytes]
    told: dict[str, Told]


@pytest.fixture(scope="module")
def wreck(installed: Environment, tmp_path_factory: pytest.TempPathFactory) -> Wreck:
    """Everything broken at once, beside everything that is good."""
    folder = tmp_path_factory.mktemp("broken")
    environment = install_broken(folder, good=installed)
    report = canary(environment, folder / "report", *REPORT)
    write_hostile(environment)
    told = {row.distribution: row for row in everything_told(environment)}
    return Wreck(environment, report, told)


def states(wreck: Wreck, fault: str) -> dict[str, str]:
    """Return the state of each distribution that stands for *fault*."""
    return {name: row.state for name, row in wreck.told.items() if row.fault == fault}


class TestCanary:
    def test_a_report_beside_broken_wheels_is_the_same_to_the_byte(
        self, wreck: Wreck, installed: Environment, tmp_path: Path
    ) -> None:
        """Nobody's work changes because somebody else's plugin is broken."""
        assert wreck.report == canary(installed, tmp_path, *REPORT)

    @pytest.mark.fault("F13")
    def test_findings_beside_hostile_metadata_are_the_same_to_the_byte(
        self, wreck: Wreck, installed: Environment, tmp_path: Path
    ) -> None:
        """Not even when `importlib.metadata` can no longer read the environment."""
        beside = canary(wreck.environment, tmp_path / "beside", *PLAIN)

        assert beside == canary(installed, tmp_path / "alone", *PLAIN)

    @pytest.mark.fault("F13")
    def test_a_program_of_ones_own_runs_good_agents_too(self, wreck: Wreck) -> None:
        """Whoever calls the registry from Python is as safe as whoever types a command."""
        code = (
            "from registry_core import Registry\n"
            "page = {'media_type': 'text/markdown', 'name': 'a.md', 'content': 'SGk='}\n"
            "print(Registry.discover().run_sync('web-agents/markdown_to_text', page).status)\n"
        )

        done = wreck.environment.run("python", "-c", code)

        assert done.stdout == "success\n"

    def test_every_broken_plugin_is_explained_with_what_to_type(self, wreck: Wreck) -> None:
        """A problem without a next step is a dead end."""
        done = wreck.environment.run("agentreg", "doctor", check=False)

        broken = [row for row in wreck.told.values() if row.state != "ok"]
        assert done.returncode == 1
        assert len(broken) > 25
        assert [row.distribution for row in broken if not (row.said and row.fix)] == []
        assert [row.distribution for row in broken if row.fix not in done.stdout] == []


class TestFaults:
    @pytest.mark.fault("F1")
    def test_code_that_is_not_there(self, wreck: Wreck) -> None:
        """Found out before anything is imported, or when the one agent is called."""
        assert states(wreck, "F1") == {
            "missing-attribute": "broken",
            "missing-module": "broken",
            "missing-target": "ok",
        }
        assert "missing_module.plugin" in wreck.told["missing-module"].said
        assert "missing_target has no shout" in wreck.told["missing-target"].said

    @pytest.mark.fault("F2")
    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("exits-on-import", "SystemExit"),
            ("interrupts-on-import", "KeyboardInterrupt"),
            ("raises-on-import", "_Unusual while raises_on_import was imported"),
        ],
    )
    def test_code_that_raises_what_ends_programs(self, name: str, said: str, wreck: Wreck) -> None:
        """The host is still there to tell of it."""
        assert said in wreck.told[name].said

    @pytest.mark.fault("F7")
    @pytest.mark.parametrize(
        ("name", "changed"),
        [
            ("prints-on-import", ()),
            ("closes-stdout-on-import", ("descriptor 1",)),
            (
                "redecorates-on-import",
                ("current directory", "locale", "logging", "recursion limit", "sys.path", "umask"),
            ),
        ],
    )
    def test_code_that_changes_the_process(
        self, name: str, changed: tuple[str, ...], wreck: Wreck
    ) -> None:
        """The answer is whole, and what was changed is named."""
        result, done = run(wreck.environment, name)

        assert (result.status, result.output) == ("success", "hello")
        assert [word for word in changed if word not in done.stderr] == []

    @pytest.mark.fault("F10")
    def test_two_plugins_of_one_name(self, wreck: Wreck) -> None:
        """Each runs by its full name; neither by the short one, whichever came first."""
        environment = wreck.environment

        result, _ = run(environment, "twin-one")
        short = environment.run("agentreg", "show", "echo", check=False)

        assert states(wreck, "F10") == {"twin-one": "conflict", "twin-two": "conflict"}
        assert '[pins] twin = "twin-two"' in wreck.told["twin-two"].fix
        assert result.status == "success"
        assert short.returncode == 1

    @pytest.mark.fault("F13")
    def test_entry_points_that_cannot_be_read(self, wreck: Wreck) -> None:
        """Two of the nine do not name our groups in any readable way, and are no plugins."""
        found = states(wreck, "F13")

        assert set(found.values()) == {"broken"}
        assert len(found) == 7

    @pytest.mark.fault("F15")
    def test_names_that_look_like_others(self, wreck: Wreck) -> None:
        """Shown escaped; the one they look like is untouched."""
        found = states(wreck, "F15")
        listed = wreck.environment.run("agentreg", "agents", "--plain").stdout

        assert set(found.values()) == {"broken"}
        assert len(found) == 9
        assert wreck.told["confusable-0"].said.isascii()
        assert "web-agents/html_to_text" in listed
        assert "confusable" not in listed

    @pytest.mark.fault("F17")
    def test_code_of_somebody_else(self, wreck: Wreck) -> None:
        """`os:system` is refused before import, wherever it is written."""
        assert states(wreck, "F17") == dict.fromkeys(
            ("foreign-entry-point", "foreign-manifest", "foreign-target"), "broken"
        )

    @pytest.mark.fault("F18")
    @pytest.mark.parametrize(
        ("name", "state", "said"),
        [
            ("doubled-manifest", "broken", "'target' stands twice"),
            ("future-host", "incompatible", "needs hook API >=9,<10, and this host has 1.0"),
            ("incomplete-manifest", "broken", "3 faults"),
            ("mistyped-manifest", "broken", "5 faults"),
            ("talkative-manifest", "ok", "agents[0].colour is unknown to this host"),
            ("torn-manifest", "broken", "Unterminated string"),
        ],
    )
    def test_manifests_that_are_wrong(self, name: str, state: str, said: str, wreck: Wreck) -> None:
        """One record lists all that is wrong."""
        assert wreck.told[name].state == state
        assert said in wreck.told[name].said

    @pytest.mark.fault("F18")
    def test_a_manifest_of_a_later_format(self, wreck: Wreck) -> None:
        """Both formats are shown, so that one knows which side to upgrade."""
        assert wreck.told["future-format"].state == "incompatible"
        assert "is 2, and this host reads format 1" in wreck.told["future-format"].said


class TestPage:
    def test_the_page_has_the_table_that_a_user_gets(self, wreck: Wreck) -> None:
        """What it says of a fault is what somebody with that fault reads."""
        table = markdown(wreck.told.values())

        assert table in PAGE.read_text(encoding="utf-8"), f"put this there:\n{table}"

    def test_every_source_is_in_it(self, wreck: Wreck) -> None:
        """A fault that nobody tries is not held."""
        sources = {file.parent.name for file in BROKEN.glob("*/pyproject.toml")}

        assert sources <= wreck.told.keys()
