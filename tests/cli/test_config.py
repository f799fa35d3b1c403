"""Tests of ``agentreg config``, and of what settings do to the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Agentreg

CANARY = "sk-CANARYcanaryCANARY0123456789"
BAD_FILES = [
    pytest.param(b"[run\n", "line 1, column", id="no TOML"),
    pytest.param(b"[run]\ntimeout_seconds = 'x'\n", "line 2: run.timeout_seconds", id="type"),
    pytest.param(b"[run]\ntimeout_seconds = nan\n", "line 2: run.timeout_seconds", id="nan"),
    pytest.param(b"[rnu]\n", "did you mean 'run'?", id="typo"),
    pytest.param(b"[pins]\na = 'x'\na = 'y'\n", "line 3", id="doubled key"),
    pytest.param(b"- a\n- b\n", "line 1, column", id="list"),
    pytest.param(b'"text"\n', "line 1, column", id="text"),
    pytest.param(b"\xff\xfe[\x00r\x00", "byte 0: is not UTF-8", id="UTF-16"),
    pytest.param(b"format = 2\n[new]\n", "line 1: format", id="later format"),
]


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own file, not there yet; and an empty folder to stand in."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "config" / "agentreg" / "agentreg.toml"


def written(file: Path, content: bytes) -> Path:
    """Return *file* with *content*."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


class TestShow:
    @pytest.mark.requirement("R82")
    def test_every_key_says_who_decided_it(self, agentreg: Agentreg, own: Path) -> None:
        """The first question when a setting does not do what one thinks."""
        written(own, b"[run]\ntimeout_seconds = 5\n")

        rows = agentreg("--set", "pins.a=b", "config", "show", "--origin", "--json").rows()

        origins = {row["key"]: (row["value"], row["origin"]) for row in rows}
        assert origins["run.timeout_seconds"] == (5, f"{own}:2")
        assert origins["pins.a"] == ("b", "--set")
        assert origins["monitoring.metrics_retention_days"] == (7, "default")

    @pytest.mark.fault("F94")
    def test_a_secret_is_shown_as_the_name_of_its_variable(
        self, agentreg: Agentreg, own: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A screen is shared, a log is sent."""
        monkeypatch.setenv("OPENAI_API_KEY", CANARY)
        written(own, b'[providers.openai]\napi_key = { env = "OPENAI_API_KEY" }\n')

        for words in (("show",), ("show", "--json"), ("get", "providers"), ("validate",)):
            typed = agentreg("--log-level", "debug", "--debug", "config", *words)
            assert typed.code == 0
            assert "CANARY" not in typed.out + typed.err
        assert "OPENAI_API_KEY" in agentreg("config", "get", "providers.openai.api_key").out

    def test_one_key_can_be_asked_for_and_so_can_a_section(
        self, agentreg: Agentreg, own: Path
    ) -> None:
        """A script wants the value and nothing around it."""
        written(own, b'[pins]\na = "words"\n')

        assert agentreg("config", "get", "pins.a").out == "words\n"
        assert agentreg("config", "get", "pins.a", "--json").facts()["value"] == "words"
        assert agentreg("config", "get", "pins").out == 'pins.a = "words"\n'
        typed = agentreg("config", "get", "run.timout_seconds")
        assert typed.code == 2
        assert "did you mean run.timeout_seconds?" in typed.err


@pytest.mark.requirement("R81", "R83")
@pytest.mark.fault("F91")
class TestBadFiles:
    @pytest.mark.parametrize(("content", "reason"), BAD_FILES)
    def test_every_command_refuses_it_and_leaves_it_alone(
        self, agentreg: Agentreg, own: Path, content: bytes, reason: str
    ) -> None:
        """What cannot be read must not be taken for the defaults, and saved over."""
        file = written(own, content)

        for words in (
            ("config", "validate"),
            ("config", "validate", str(file)),
            ("config", "show"),
            ("config", "set", "pins.a", "b"),
            ("pipelines",),
            ("plugins",),
        ):
            typed = agentreg(*words)
            assert typed.code == 2, words
            assert str(file) in typed.err
            assert reason in typed.err
        assert file.read_bytes() == content
        assert [path.name for path in own.parent.iterdir()] == ["agentreg.toml"]

    def test_machines_get_each_fault_with_its_place(self, agentreg: Agentreg, own: Path) -> None:
        """An editor marks the lines."""
        written(own, b"[run]\ntimeout_seconds = 0\n[cli]\nlog_levle = 1\n")

        error = agentreg("config", "validate", "--json").facts()["error"]

        assert isinstance(error, dict)
        assert error["faults"] == [
            {
                "path": "line 4: cli.log_levle",
                "message": "is unknown; did you mean 'log_level'?",
            },
            {"path": "line 2: run.timeout_seconds", "message": "must be above 0"},
        ]

    def test_a_new_beginning_keeps_what_was_there(self, agentreg: Agentreg, own: Path) -> None:
        """Whatever it was, it was somebody's work."""
        file = written(own, b"\xff\xfe[\x00")

        typed = agentreg("config", "reset", "--json")

        assert typed.code == 0
        assert own.with_name("agentreg.toml.bak").read_bytes() == b"\xff\xfe[\x00"
        assert file.read_bytes() == b""
        assert agentreg("config", "validate").code == 0

    def test_the_exit_codes_are_those_of_a_process_too(self, tmp_path: Path) -> None:
        """A script sees nothing else."""
        good = written(tmp_path / "good.toml", b"\xef\xbb\xbf[run]\r\ntimeout_seconds = 5\r\n")
        bad = written(tmp_path / "bad.toml", b"[run]\ntimeout_seconds = 'x'\n")

        def code(*words: str) -> int:
            command = [sys.executable, "-m", "registry_core", *words]
            return subprocess.run(command, capture_output=True, check=False).returncode

        assert code("config", "validate", str(good)) == 0
        assert code("config", "validate", str(bad)) == 2
        assert code("--config", str(bad), "config", "set", "pins.a", "b") == 2
        assert code("config", "get", "no.such") == 2
        assert code("config", "--help") == 0
        assert bad.read_bytes() == b"[run]\ntimeout_seconds = 'x'\n"


class TestSet:
    @pytest.mark.requirement("R84")
    def test_a_value_is_set_and_comments_stay(self, agentreg: Agentreg, own: Path) -> None:
        """The file is the user's."""
        file = written(own, b"# mine\n[run]\ntimeout_seconds = 5 # slow\n")

        assert agentreg("config", "set", "run.timeout_seconds", "7").code == 0
        assert agentreg("config", "set", "plugins.block", "a,b").code == 0
        assert agentreg("config", "unset", "run.timeout_seconds").code == 0

        assert file.read_bytes() == b'# mine\n[run]\n\n[plugins]\nblock = ["a", "b"]\n'

    def test_what_would_not_be_valid_is_not_written(self, agentreg: Agentreg, own: Path) -> None:
        """The file is usable after every change, or as it was."""
        for key, value in (
            ("run.timeout_seconds", "-1"),
            ("run.timout_seconds", "1"),
            ("providers.p.api_key", CANARY),
            ("format", "2"),
            ("pins", "x"),
        ):
            typed = agentreg("config", "set", key, value)
            assert typed.code == 2, key
            assert "CANARY" not in typed.err
        assert not own.exists()

    def test_a_key_that_is_wrong_can_be_taken_out(self, agentreg: Agentreg, own: Path) -> None:
        """The way back is the way there."""
        file = written(own, b"[run]\ntimout_seconds = 5\n")

        assert agentreg("config", "unset", "run.timout_seconds").code == 0
        assert file.read_bytes() == b"[run]\n"

    def test_the_project_s_file_is_meant_when_it_is_said(
        self, agentreg: Agentreg, own: Path, tmp_path: Path
    ) -> None:
        """Or named, as everywhere."""
        named = tmp_path / "named.toml"

        agentreg("config", "set", "pins.a", "b", "--project")
        written(named, b"")
        agentreg("--config", str(named), "config", "set", "pins.c", "d")

        assert not own.exists()
        assert (tmp_path / "here" / "agentreg.toml").read_bytes() == b'[pins]\na = "b"\n'
        assert named.read_bytes() == b'[pins]\nc = "d"\n'


class TestValidate:
    def test_an_agent_that_is_not_here_is_said_and_is_no_fault(
        self, agentreg: Agentreg, own: Path
    ) -> None:
        """A slip in its name would change nothing without a word; another machine may have it."""
        written(own, b'[agents."text-agents/summarise"]\n[agents."text-agents/sumarise"]\n')

        typed = agentreg("config", "validate")

        assert typed.code == 0
        assert typed.err == "note: agent text-agents/sumarise is not installed here\n"

    @pytest.mark.fault("F95")
    def test_without_a_home_the_defaults_are_in_force_and_nothing_can_be_set(
        self, agentreg: Agentreg, own: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A container has users without one."""
        del own
        monkeypatch.setenv("HOME", "nowhere")
        monkeypatch.delenv("XDG_CONFIG_HOME")

        assert agentreg("config", "show").code == 0
        assert agentreg("config", "path").code == 0
        assert agentreg("config", "set", "pins.a", "b").code == 2
        assert agentreg("config", "trust").code == 2


@pytest.mark.fault("F92")
class TestTrust:
    def test_a_file_in_the_way_is_told_of_in_one_line_until_it_is_trusted(
        self, agentreg: Agentreg, own: Path, tmp_path: Path
    ) -> None:
        """Nobody is led by a folder, and nobody wonders why nothing happens."""
        file = written(tmp_path / "here" / "agentreg.toml", b'[plugins]\nblock = ["text-agents"]\n')

        before = agentreg("agents")
        trusted = agentreg("config", "trust")
        after = agentreg("agents")
        agentreg("config", "trust", "--forget")
        again = agentreg("agents")

        assert (
            before.err
            == f"note: {file} is not read; trust it: agentreg config trust {file.parent}\n"
        )
        assert "text-agents" in before.out
        assert str(file.parent) in trusted.out
        assert (after.err, "text-agents" in after.out) == ("", False)
        assert (again.out, again.err) == (before.out, before.err)
        assert not own.exists()

    def test_the_name_of_a_folder_gives_the_terminal_no_orders(
        self, agentreg: Agentreg, own: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An archive can hold a folder of any name."""
        del own
        folder = Path.cwd() / "a\x1b[2Jb c"
        folder.mkdir()
        written(folder / "agentreg.toml", b"")
        monkeypatch.chdir(folder)

        assert "\x1b" not in agentreg("agents").err

    def test_the_files_are_listed_with_what_becomes_of_them(
        self, agentreg: Agentreg, own: Path, tmp_path: Path
    ) -> None:
        """The second question."""
        file = written(tmp_path / "here" / "agentreg.toml", b"")
        rows = agentreg("config", "path", "--json").rows()
        agentreg("config", "trust")
        written(own, b"")
        later = agentreg("config", "path", "--json").rows()

        assert rows == [
            {"layer": "user", "file": str(own), "state": "not there"},
            {"layer": "project", "file": str(file), "state": "not trusted"},
        ]
        assert [row["state"] for row in later] == ["read", "read"]


@pytest.mark.requirement("R79")
class TestCommandLine:
    def test_the_log_level_has_an_effect_and_a_flag(self, agentreg: Agentreg, own: Path) -> None:
        """Looking closer is for once, or for good."""
        value = {"title": "", "source_name": "n", "text": "One is here. Two is there. Three."}
        words = ("run", "--have", f"DocumentText={json.dumps(value)}", "--want", "Summary")

        quiet = agentreg(*words).err
        for_once = agentreg("--log-level", "debug", *words).err
        written(own, b'[cli]\nlog_level = "DEBUG"\n')
        for_good = agentreg(*words).err
        not_now = agentreg("--log-level", "ERROR", *words).err

        told = ["DEBUG registry_core" in text for text in (quiet, for_once, for_good, not_now)]
        assert told == [False, True, True, False]

    def test_the_output_format_has_an_effect_and_a_flag(
        self, agentreg: Agentreg, own: Path
    ) -> None:
        """A service has it in its file; errors come as it says too."""
        table = agentreg("pipelines").out
        by_flag = agentreg("--format", "json", "pipelines").out
        written(own, b'[cli]\noutput_format = "json"\n')
        by_file = agentreg("pipelines").out
        error = agentreg("show", "nobody")
        not_now = agentreg("--format", "text", "pipelines").out

        assert (by_flag, by_file, not_now) == ("[]\n", "[]\n", table)
        assert "error" in error.facts()

    def test_without_auto_save_the_file_keeps_its_bytes(
        self, agentreg: Agentreg, own: Path
    ) -> None:
        """Where files are reviewed, a tool shows what it would do."""
        content = b"[cli]\nauto_save = false\n"
        file = written(own, content)

        typed = agentreg("config", "set", "pins.a", "b")

        assert typed.code == 0
        assert '+a = "b"' in typed.out
        assert "not saved" in typed.out
        assert file.read_bytes() == content
        assert agentreg("config", "set", "pins.a", "b", "--save").code == 0
        assert file.read_bytes() != content
        agentreg("config", "set", "cli.auto_save", "true", "--save")
        typed = agentreg("config", "unset", "pins.a", "--no-save", "--json")
        assert typed.facts()["saved"] is False

    def test_a_setting_that_nobody_knows_is_refused_on_the_warm_path_too(
        self, agentreg: Agentreg, own: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Listing reads no settings, and still must not pass over a mistake."""
        del own
        agentreg("agents")
        monkeypatch.setenv("AGENTREG_RUN__TIMEOUT", "3")

        typed = agentreg("agents")

        assert typed.code == 2
        assert "did you mean 'timeout_seconds'?" in typed.err


@pytest.mark.requirement("R78")
class TestPipelines:
    def test_a_pipeline_that_was_saved_runs_by_its_name_after_a_restart(
        self, agentreg: Agentreg, own: Path, tmp_path: Path
    ) -> None:
        """Another process, another folder, another day."""
        saving = agentreg(
            *("compose", "--have", "DocumentText", "--want", "Summary", "--save-as", "nightly")
        )
        listed = agentreg("pipelines", "--json").rows()
        value = {"title": "", "source_name": "n", "text": "One is here. Two is there. Three."}
        have = f"DocumentText={json.dumps(value)}"
        done = subprocess.run(
            [sys.executable, "-m", "registry_core", "run", "nightly", "--have", have, "--json"],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )

        assert saving.code == 0
        assert (
            own.read_text(encoding="utf-8") == '[pipelines]\nnightly = "pipelines/nightly.toml"\n'
        )
        assert listed == [
            {
                "name": "nightly",
                "file": str(own.parent / "pipelines" / "nightly.toml"),
                "stages": ["text-agents/summarise@0.1.0"],
                "fault": "",
            }
        ]
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["result"]["status"] == "success"
        by_option = agentreg("run", "--pipeline", "nightly", "--have", have, "--frozen", "--quiet")
        assert by_option.code == 0

    def test_one_whose_file_is_gone_is_listed_with_the_reason(
        self, agentreg: Agentreg, own: Path
    ) -> None:
        """The name is still there, so it should not be missed without a word."""
        written(own, b'[pipelines]\nold = "gone.toml"\n')

        typed = agentreg("pipelines")

        assert typed.code == 0
        assert "there is no such file" in typed.out
        assert agentreg("run", "old").code == 2

    def test_a_name_that_leads_nowhere_is_refused_with_the_nearest(
        self, agentreg: Agentreg, own: Path
    ) -> None:
        """A file, a pipeline and an agent are all meant by a word."""
        written(own, b'[pipelines]\nnightly = "n.toml"\n')

        typed = agentreg("run", "nihgtly")

        assert typed.code == 2
        assert "did you mean 'nightly'?" in typed.err
