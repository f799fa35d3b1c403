"""Tests of pipelines that are kept: saved, run frozen, checked, and compared after an upgrade."""

from __future__ import annotations

import importlib
import json
import shlex
import shutil
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from registry_core.testing.installed import installed_distribution
from tests.catalog.worlds import SCHEMAS, record

if TYPE_CHECKING:
    from pathlib import Path

    from registry_core.definitions.schema import SchemaDefinition
    from tests.cli.conftest import Agentreg

PAGE, TITLED, COUNTED, SCORE, *_ = SCHEMAS
HTML = """<!doctype html><html><head><title>News</title></head><body><h1>News</h1>
<p>The old house at the harbour opened again, and everybody was happy.</p></body></html>"""


def install(
    site: Path, name: str, *, takes: SchemaDefinition, gives: SchemaDefinition, version: str = "1.0"
) -> None:
    """Install ``NAME-kit`` with the one agent *name*, in place of any other version."""
    package = f"{name}_kit"
    for old in site.glob(f"{package}*"):
        shutil.rmtree(old)
    manifest = {
        "format": 1,
        "host_api": ">=1,<2",
        "agents": [
            {
                "name": name,
                "target": f"{package}.code:{name}",
                "inputs": [{"name": "page", "schema": takes.id}],
                "output": gives.id,
                "summary": f"Return what {name} finds.",
            }
        ],
        "schemas": [
            {
                "name": s.name,
                "fingerprint": s.fingerprint,
                "version": s.version,
                "accepts": s.accepts,
                "emits": s.emits,
            }
            for s in {takes.id: takes, gives.id: gives}.values()
        ],
    }
    installed_distribution(
        site,
        f"{name}-kit",
        version,
        files={
            f"{package}/__init__.py": "",
            f"{package}/agents.json": json.dumps(manifest),
            f"{package}/code.py": "raise SystemExit('nothing may import this')\n",
        },
        plugins={f"{name}-kit": f"{package}.code"},
        manifests={f"{name}-kit": f"{package}:agents.json"},
    )
    importlib.invalidate_caches()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed plugins: count makes titled pages, judge makes scores of them."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    install(folder, "count", takes=PAGE, gives=COUNTED)
    install(folder, "judge", takes=TITLED, gives=SCORE)
    return folder


@pytest.fixture
def saved(agentreg: Agentreg, site: Path, tmp_path: Path) -> Path:
    """A saved pipeline from pages to scores, with its lock."""
    assert site.exists()
    file = tmp_path / "press.toml"
    typed = agentreg("compose", "--have", "Page", "--want", "Score", "--save", str(file))
    assert typed.code == 0, typed.err
    return file


def frozen(agentreg: Agentreg, file: Path) -> str:
    """Return why a frozen run of *file* is refused."""
    value = '--have=Page={"text": "hello"}'
    typed = agentreg("run", "--pipeline", str(file), "--frozen", value)
    assert typed.code == 1
    return typed.err


class TestSaving:
    @pytest.mark.parametrize("suffix", ["toml", "json"])
    def test_a_saved_pipeline_runs_frozen(
        self, agentreg: Agentreg, tmp_path: Path, suffix: str
    ) -> None:
        """The whole way, with agents that really run."""
        page, file, out = tmp_path / "a.html", tmp_path / f"p.{suffix}", tmp_path / "out.json"
        page.write_text(HTML, encoding="utf-8")

        save = agentreg("compose", str(page), "--want", "TextLanguage", "--save", str(file))
        run = agentreg(
            *("run", str(page), "--pipeline", str(file), "--frozen", "--out", str(out), "--json")
        )

        assert (save.code, run.code) == (0, 0)
        assert (tmp_path / "agentreg.lock").exists()
        assert '"en"' in out.read_text(encoding="utf-8")
        assert run.facts().keys() == {"pipeline", "result"}

    def test_values_are_given_by_the_name_of_an_input_or_of_its_schema(
        self, agentreg: Agentreg, tmp_path: Path
    ) -> None:
        """Two inputs of one schema have two names."""
        file = tmp_path / "p.toml"
        value = json.dumps({"title": "", "source_name": "n", "text": "Bonjour tout le monde. " * 9})
        agentreg(
            *("compose", "--have", "DocumentText", "--want", "TextLanguage", "--save", str(file))
        )

        by_schema = agentreg("run", "--pipeline", str(file), f"--have=DocumentText={value}")
        by_input = agentreg("run", "--pipeline", str(file), f"--have=document_text={value}")
        other = agentreg("run", "--pipeline", str(file), '--have=Summary={"text": ""}')

        assert (by_schema.code, by_input.code) == (0, 0)
        assert '"fr"' in by_input.out
        assert other.code == 2
        assert "document_text (DocumentText)" in other.err

    def test_a_form_that_is_neither_is_refused_before_anything_is_written(
        self, agentreg: Agentreg, site: Path, tmp_path: Path
    ) -> None:
        """YAML is not read, so it is not written."""
        assert site.exists()
        file = tmp_path / "press.yaml"

        typed = agentreg("compose", "--have", "Page", "--want", "Score", "--save", str(file))

        assert typed.code == 2
        assert not file.exists()
        assert not (tmp_path / "agentreg.lock").exists()

    def test_a_lock_elsewhere_is_named(
        self, agentreg: Agentreg, saved: Path, tmp_path: Path
    ) -> None:
        """Some keep one lock for a repository."""
        lock = tmp_path / "locks" / "all.lock"
        lock.parent.mkdir()

        written = agentreg("lock", str(saved), "--lock", str(lock))
        checked = agentreg("lock", "--check", "--lock", str(lock))

        assert (written.code, checked.code) == (0, 0)
        assert list(json.loads(lock.read_text(encoding="utf-8"))["pipelines"]) == ["../press.toml"]

    def test_planning_options_go_with_no_saved_pipeline(
        self, agentreg: Agentreg, saved: Path
    ) -> None:
        """They would be ignored, and that is worse than an error."""
        assert agentreg("run", "--pipeline", str(saved), "--want", "Score").code == 2
        assert agentreg("run", "--frozen", "--want", "Score").code == 2


class TestEditing:
    def test_all_faults_of_a_hand_edited_file_come_with_their_lines(
        self, agentreg: Agentreg, saved: Path
    ) -> None:
        """Exit code 2: nothing was run."""
        text = saved.read_text(encoding="utf-8")
        saved.write_text(text.replace("agent =", "agnet ="), encoding="utf-8")

        typed = agentreg("run", "--pipeline", str(saved))

        assert typed.code == 2
        lines = text.splitlines()
        places = [n for n, line in enumerate(lines, start=1) if line.startswith("agent")]
        assert all(f"line {n}: stages[{i}].agnet" in typed.err for i, n in enumerate(places))

    def test_names_that_lead_nowhere_come_with_their_lines(
        self, agentreg: Agentreg, saved: Path
    ) -> None:
        """The same look, for what only the catalog knows."""
        text = saved.read_text(encoding="utf-8").replace("count-kit/", "cuont-kit/")
        saved.write_text(text, encoding="utf-8")
        line = next(n for n, t in enumerate(text.splitlines(), start=1) if "cuont" in t)

        typed = agentreg("run", "--pipeline", str(saved))

        assert typed.code == 2
        assert f"line {line}: stages.count.agent" in typed.err
        assert "drifted: pipeline press.toml was edited" in typed.err

    def test_a_missing_pipeline_or_lock_is_wrong_usage(
        self, agentreg: Agentreg, saved: Path, tmp_path: Path
    ) -> None:
        """Frozen by nothing is not frozen."""
        (tmp_path / "agentreg.lock").unlink()

        assert agentreg("run", "--pipeline", str(saved), "--frozen").code == 2
        assert agentreg("run", "--pipeline", str(tmp_path / "none.toml")).code == 2


@pytest.mark.fault("F37")
class TestFrozen:
    def test_an_upgrade_is_refused_and_named(
        self, agentreg: Agentreg, saved: Path, site: Path
    ) -> None:
        """What was reviewed is what runs."""
        install(site, "judge", takes=TITLED, gives=SCORE, version="1.1")

        reason = frozen(agentreg, saved)

        assert f"{saved} is not as locked (see: agentreg diff {saved})" in reason
        assert "distribution judge-kit: is 1.1, and 1.0 is locked" in reason
        assert "judge-kit/judge@1.0: became judge-kit/judge@1.1" in reason

    def test_a_removed_agent_is_refused_and_named(
        self, agentreg: Agentreg, saved: Path, site: Path
    ) -> None:
        """Before the first stage runs, not at the second."""
        for part in site.glob("judge*"):
            shutil.rmtree(part)

        assert "distribution judge-kit: is not installed" in frozen(agentreg, saved)

    @pytest.mark.fault("S2")
    def test_a_file_that_changed_since_it_was_installed_is_refused(
        self, agentreg: Agentreg, saved: Path, site: Path
    ) -> None:
        """The version is the same, and the code is not."""
        (site / "judge_kit" / "code.py").write_text("evil = True\n", encoding="utf-8")

        assert "has judge_kit/code.py, which is changed" in frozen(agentreg, saved)

    @pytest.mark.fault("S2")
    def test_a_rewritten_record_is_refused(
        self, agentreg: Agentreg, saved: Path, site: Path
    ) -> None:
        """Whoever rewrites a file can rewrite the RECORD with it."""
        (record,) = site.glob("judge_kit*/RECORD")
        record.write_text(record.read_text(encoding="utf-8") + "\n", encoding="utf-8")

        assert "judge-kit: has other files" in frozen(agentreg, saved)

    def test_an_edit_is_refused_and_a_comment_is_not(self, agentreg: Agentreg, saved: Path) -> None:
        """The lock is of the pipeline, not of its layout."""
        text = saved.read_text(encoding="utf-8")
        saved.write_text(f"# reviewed\n{text}", encoding="utf-8")
        assert agentreg("lock", "--check", str(saved)).code == 0

        saved.write_text(f"{text}\n[stages.policy]\ntimeout_seconds = 1.0\n", encoding="utf-8")

        assert "was edited since it was locked" in frozen(agentreg, saved)


class TestChecking:
    @pytest.mark.fault("F37")
    def test_drift_ends_with_1_and_locking_again_mends_it(
        self, agentreg: Agentreg, saved: Path, site: Path
    ) -> None:
        """What CI asks, and what the answer to it is."""
        lock = str(saved.with_name("agentreg.lock"))
        fine = agentreg("lock", "--check", "--lock", lock)
        install(site, "judge", takes=TITLED, gives=SCORE, version="1.1")
        drifted = agentreg("lock", "--check", "--json", "--lock", lock)
        agentreg("compose", "--have", "Page", "--want", "Score", "--save", str(saved))
        mended = agentreg("lock", "--check", str(saved))

        assert (fine.code, drifted.code, mended.code) == (0, 1, 0)
        assert {str(row["kind"]) for row in drifted.rows()} == {"distribution", "agent"}

    def test_another_pipeline_of_the_lock_is_not_moved_along(
        self, agentreg: Agentreg, saved: Path, site: Path
    ) -> None:
        """Saving one must not unfreeze its neighbour."""
        install(site, "judge", takes=TITLED, gives=SCORE, version="1.1")
        other = saved.with_name("other.json")

        typed = agentreg("compose", "--have", "Page", "--want", "Score", "--save", str(other))

        assert typed.code == 2
        assert "press.toml was made against 1.0" in typed.err
        assert not other.exists()

    def test_one_pipeline_that_cannot_be_read_does_not_hide_what_drifted_in_others(
        self, agentreg: Agentreg, saved: Path, site: Path
    ) -> None:
        """CI is asked once for all of them."""
        other = saved.with_name("other.json")
        agentreg("compose", "--have", "Page", "--want", "Score", "--save", str(other))
        other.write_text("{", encoding="utf-8")
        install(site, "judge", takes=TITLED, gives=SCORE, version="1.1")

        typed = agentreg("lock", "--check", "--lock", str(saved.with_name("agentreg.lock")))

        assert typed.code == 1
        assert "pipeline other.json cannot be read: Expecting property name" in typed.out
        assert "distribution judge-kit is 1.1, and 1.0 is locked" in typed.out

    def test_a_pipeline_that_is_gone_is_told_and_then_forgotten(
        self, agentreg: Agentreg, saved: Path
    ) -> None:
        """Files are deleted, and locks outlive them."""
        lock = str(saved.with_name("agentreg.lock"))
        saved.unlink()

        told = agentreg("lock", "--check", "--lock", lock)
        agentreg("lock", "--lock", lock)
        forgotten = agentreg("lock", "--check", "--lock", lock)

        assert "pipeline press.toml is gone" in told.out
        assert (told.code, forgotten.code) == (1, 0)


class TestDiff:
    def test_nothing_changed(self, agentreg: Agentreg, saved: Path) -> None:
        """It says so, and ends with 0."""
        typed = agentreg("diff", str(saved))

        assert (typed.code, typed.out) == (0, "nothing changed\n")

    @pytest.mark.fault("F37")
    def test_an_upgrade_that_broke_an_edge_is_named_with_the_next_best_plan(
        self, agentreg: Agentreg, saved: Path, site: Path
    ) -> None:
        """What broke, the value that shows it, and what would do instead."""
        install(site, "count", takes=PAGE, gives=PAGE, version="1.1")
        install(site, "title", takes=PAGE, gives=TITLED)

        typed = agentreg("diff", str(saved))
        facts = agentreg("diff", str(saved), "--json").facts()

        assert typed.code == 1
        assert "distribution count-kit is 1.1, and 1.0 is locked" in typed.out
        assert "broken: count -> judge.page: Page does not fit Titled" in typed.out
        assert "title-kit/title@1.0" in typed.out
        assert facts["broken"] == [
            {
                "stage": "judge",
                "input": "page",
                "origin": "count",
                "gives": PAGE.id,
                "takes": TITLED.id,
                "pointer": "",
                "reason": "must have 'title'",
                "witness": {"text": ""},
            }
        ]
        assert facts["plan"]

    @pytest.mark.fault("F37")
    @pytest.mark.parametrize(
        ("term", "judge"), [(("--exclude", "judge"), "rate"), (("--require", "rate"), "rate")]
    )
    def test_who_was_kept_out_or_asked_for_still_is_in_the_next_plan(
        self, agentreg: Agentreg, saved: Path, site: Path, term: tuple[str, str], judge: str
    ) -> None:
        """Whoever decided that meant it for longer than one release."""
        install(site, "rate", takes=TITLED, gives=SCORE)
        agentreg("compose", "--have", "Page", "--want", "Score", *term, "--save", str(saved))
        install(site, "count", takes=PAGE, gives=PAGE, version="1.1")
        install(site, "title", takes=PAGE, gives=TITLED)

        plan = agentreg("diff", str(saved), "--json").facts()["plan"]

        assert isinstance(plan, dict)
        assert isinstance(plan["pipeline"], dict)
        assert isinstance(plan["pipeline"]["stages"], list)
        stages = [stage["id"] for stage in plan["pipeline"]["stages"] if isinstance(stage, dict)]
        assert stages == ["title", judge]

    @pytest.mark.fault("F37")
    def test_what_to_type_to_keep_the_next_plan_is_that_goal_again(
        self, agentreg: Agentreg, saved: Path, site: Path
    ) -> None:
        """Copied into the shell it mends the pipeline and its lock."""
        install(site, "rate", takes=TITLED, gives=SCORE)
        limits = ("--exclude", "judge", "--max-stages", "2", "--max-cost", "2.5")
        agentreg("compose", "--have", "Page", "--want", "Score", *limits, "--save", str(saved))
        install(site, "count", takes=PAGE, gives=PAGE, version="1.1")
        install(site, "title", takes=PAGE, gives=TITLED)

        line = agentreg("diff", str(saved)).out.rpartition("keep it: ")[2].strip()
        program, *words = shlex.split(line)
        typed = agentreg(*words)

        assert line == (
            "agentreg compose --have Page --want Score --exclude judge-kit/judge "
            f"--max-stages 2 --max-cost 2.5 --save {saved}"
        )
        assert (program, typed.code) == ("agentreg", 0)
        assert agentreg("lock", "--check", str(saved)).code == 0

    @pytest.mark.fault("F37")
    def test_a_plan_that_had_to_be_short_still_has_to_be(
        self, agentreg: Agentreg, saved: Path, site: Path
    ) -> None:
        """A limit is part of what was asked."""
        limit = ("--max-stages", "2")
        agentreg("compose", "--have", "Page", "--want", "Score", *limit, "--save", str(saved))
        half = record("Half", text="string", half="string")
        install(site, "count", takes=PAGE, gives=PAGE, version="1.1")
        install(site, "begin", takes=PAGE, gives=half)
        install(site, "end", takes=half, gives=TITLED)

        facts = agentreg("diff", str(saved), "--json").facts()

        assert facts["plan"] is None
        assert "at least 3 stages are needed, and 2 were allowed" in str(facts["reason"])

    @pytest.mark.fault("F37")
    def test_where_no_plan_is_left_it_says_what_is_missing(
        self, agentreg: Agentreg, saved: Path, site: Path
    ) -> None:
        """An offer that does not exist is not made."""
        install(site, "count", takes=PAGE, gives=PAGE, version="1.1")

        facts = agentreg("diff", str(saved), "--json").facts()

        assert facts["plan"] is None
        assert "missing: " in str(facts["reason"])

    def test_an_upgrade_that_broke_nothing_says_so(
        self, agentreg: Agentreg, saved: Path, site: Path
    ) -> None:
        """Most do not."""
        install(site, "judge", takes=TITLED, gives=SCORE, version="1.1")

        typed = agentreg("diff", str(saved))

        assert typed.code == 1
        assert "every edge still fits" in typed.out


class TestAudit:
    @pytest.mark.fault("S2")
    def test_locking_what_is_installed_leaves_locked_pipelines_in_the_file(
        self, agentreg: Agentreg, tmp_path: Path
    ) -> None:
        """Two commands write one file; neither may lose what the other wrote."""
        file, lock = tmp_path / "text.toml", tmp_path / "agentreg.lock"
        agentreg("compose", "--have", "HtmlPage", "--want", "DocumentText", "--save", str(file))

        agentreg("audit", "--lock", str(lock), "--json")

        assert agentreg("lock", "--check", "--lock", str(lock)).code == 0
        assert '"text.toml"' in lock.read_text(encoding="utf-8")


class TestSchemaConflicts:
    @pytest.mark.requirement("R67")
    def test_two_schemas_of_one_name_and_version_name_both_owners_and_what_to_do(
        self, agentreg: Agentreg, site: Path
    ) -> None:
        """Two teams called it Page: each finds out from one command."""
        fine = agentreg("doctor", "--json").facts()["conflicts"]
        install(site, "print", takes=record("Page", body="string"), gives=SCORE)

        told = agentreg("doctor")
        shown = agentreg("show", "print-kit/print", "--json").facts()

        assert fine == []
        assert told.code == 1
        assert "schema Page@1.0 is contested\n  owners count-kit, print-kit\n" in told.out
        assert '@schema(version="2.0")' in told.out
        assert "schema Page@1.0 of count-kit and print-kit: " in str(shown["schema conflicts"])

    @pytest.mark.requirement("R67")
    def test_a_later_version_that_fits_is_shown_on_both_sides(
        self, agentreg: Agentreg, site: Path
    ) -> None:
        """Whether an upgrade of the model can wait is seen before it is made."""
        newer = replace(record("Page", text="string", url="string"), version="1.1")
        install(site, "fetch", takes=SCORE, gives=newer)

        given = agentreg("show", "fetch-kit/fetch", "--json").facts()["across versions"]
        taken = agentreg("show", "count-kit/count", "--json").facts()["across versions"]
        plan = agentreg("compose", "--have", "Score", "--want", "Counted", "--explain").out

        assert given == ["its Page@1.1 is taken as Page@1.0 by count-kit/count@1.0"]
        assert taken == ["Page@1.1 of fetch-kit/fetch@1.0 is taken as Page@1.0, for page"]
        assert "page <- Page (fetch): Page@1.1 taken as Page@1.0 (every value fits)" in plan
