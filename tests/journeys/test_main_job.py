"""The main job in a fresh environment: wheels, pip, one command a document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import pytest

from registry_core.results.run import RunResult
from tests.journeys.environment import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from registry_core.definitions.schema import JsonObject
    from tests.journeys.environment import Environment

DOCUMENTS = ROOT.parent / "shared" / "data" / "documents"
needs_documents = pytest.mark.skipif(
    not DOCUMENTS.is_dir(), reason=f"the folder of real documents is not at {DOCUMENTS.name}"
)


def analysed(installed: Environment, file: Path, *words: str) -> JsonObject:
    """Return plan and result of turning *file* into a report."""
    line = ("run", str(file), "--want", "DocumentReport", "--json", *words)
    return cast("JsonObject", json.loads(installed.run("agentreg", *line).stdout))


def result_of(facts: JsonObject) -> RunResult:
    """Return the result in what ``run --json`` printed."""
    return RunResult.from_json(json.dumps(facts["result"]))


def report_of(facts: JsonObject) -> JsonObject:
    """Return the wanted value in what ``run --json`` printed."""
    return cast("JsonObject", result_of(facts).output)


class TestReport:
    @pytest.mark.requirement("R3", "R5")
    def test_the_page_that_pydoc_writes_becomes_one_self_contained_report(
        self, installed: Environment, tmp_path: Path
    ) -> None:
        """What a newcomer sees first must work on a machine with nothing else on it."""
        installed.run("python", "-m", "pydoc", "-w", "json", cwd=tmp_path)
        report = tmp_path / "report.html"

        done = installed.run(
            "agentreg",
            "run",
            str(tmp_path / "json.html"),
            "--want",
            "DocumentReport",
            "--out",
            str(report),
        )

        text = report.read_text(encoding="utf-8")
        assert "web-agents/html_to_text" in done.stdout
        assert "same schema" in done.stdout
        assert "<svg" in text
        assert not any(outside in text for outside in ("<script", "<link", 'src="http'))

    def test_the_description_of_an_installed_package_is_read_as_markdown(
        self, installed: Environment, tmp_path: Path
    ) -> None:
        """The planner picks the agent by the file's type, not by what the user says."""
        code = "from importlib.metadata import metadata; print(metadata('pydantic').get_payload())"
        file = tmp_path / "pydantic.md"
        file.write_text(installed.run("python", "-c", code).stdout, encoding="utf-8")

        facts = analysed(installed, file)

        assert "web-agents/markdown_to_text" in json.dumps(facts["plan"])
        assert result_of(facts).status == "success"

    def test_independent_stages_ran_side_by_side_and_every_stage_is_recorded(
        self, installed: Environment, tmp_path: Path
    ) -> None:
        """A plan is a graph, and the run uses that."""
        file = tmp_path / "note.md"
        file.write_text("# A note\n\n" + "The harbour was calm and the ships slept. " * 20)

        facts = analysed(installed, file)

        result = result_of(facts)
        plan = cast("JsonObject", facts["plan"])
        assert plan["proved"] is True
        assert cast("int", plan["depth"]) < len(result.stages)
        assert {stage.status for stage in result.stages} == {"succeeded"}

    def test_the_second_run_is_answered_from_the_cache(
        self, installed: Environment, tmp_path: Path
    ) -> None:
        """Nobody wants to pay twice for the same document."""
        file = tmp_path / "again.md"
        file.write_text("# Again\n\nThe same words, twice. And the same ones once more.\n")
        analysed(installed, file, "--middleware", "cache")

        result = result_of(analysed(installed, file, "--middleware", "cache"))

        answers = {stage.answered_by for stage in result.stages}
        assert answers == {"middleware-cache/cache"}

    def test_listing_and_planning_import_no_plugin(
        self, installed: Environment, tmp_path: Path
    ) -> None:
        """Installed is not trusted: code of a plugin runs when its agent runs."""
        file = tmp_path / "page.html"
        file.write_text("<p>hello</p>")
        words = f"['compose', {str(file)!r}, '--want', 'DocumentReport', '--json']"
        code = (
            "import sys\n"
            "from registry_core.cli.app import run\n"
            f"for words in (['agents', '--json'], ['plugins', '--json'], {words}):\n"
            "    try: run(words)\n"
            "    except SystemExit: pass\n"
            "names = ('web_agents', 'text_agents', 'report_agents', 'document_schemas', 'yake')\n"
            "print([n for n in names if n in sys.modules], file=sys.stderr)\n"
        )

        done = installed.run("python", "-c", code)

        assert done.stderr.strip().splitlines()[-1] == "[]"


@needs_documents
class TestRealDocuments:
    def test_a_large_page_in_latin_1_keeps_its_letters(self, installed: Environment) -> None:
        """The page declares ISO-8859-1; guessing UTF-8 would lose letters."""
        facts = analysed(installed, DOCUMENTS / "sherlock-holmes.html")

        assert "\N{REPLACEMENT CHARACTER}" not in json.dumps(facts, ensure_ascii=False)
        assert "Sherlock Holmes" in json.dumps(report_of(facts))

    @pytest.mark.parametrize(
        ("name", "language"), [("ontboezemingen-nl.html", "nl"), ("entre-nous-fr.html", "fr")]
    )
    def test_the_language_of_a_book_is_reported_right(
        self, installed: Environment, name: str, language: str
    ) -> None:
        """Every later analysis depends on it."""
        line = ("run", str(DOCUMENTS / name), "--want", "TextLanguage", "--json")
        facts = cast("JsonObject", json.loads(installed.run("agentreg", *line).stdout))

        assert f'"{language}"' in json.dumps(result_of(facts).output)

    def test_for_a_pdf_the_planner_picks_the_agent_that_reads_it(
        self, installed: Environment
    ) -> None:
        """Forty-one pages, and nobody said how."""
        facts = analysed(installed, DOCUMENTS / "techfar-handbook.pdf")

        assert "pdf-agents/pdf_to_text" in json.dumps(facts["plan"])
        assert result_of(facts).status == "success"

    @pytest.mark.parametrize(
        "file", sorted(DOCUMENTS.glob("playbook/*.md")), ids=lambda file: file.stem
    )
    def test_every_markdown_file_becomes_a_report(self, installed: Environment, file: Path) -> None:
        """They have front matter, which is no text."""
        assert result_of(analysed(installed, file)).status == "success"
