"""Tests of ``agentreg run``; the sample plugins are installed and really run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from registry_core.results.run import RunResult

if TYPE_CHECKING:
    from pathlib import Path

    from registry_core.definitions.schema import JsonObject
    from tests.cli.conftest import Agentreg

PAGE = """<!doctype html><html><head><meta charset="iso-8859-1"><title>Caf\xe9 news</title></head>
<body><h1>Caf\xe9 news</h1><p>The old caf\xe9 at the harbour opened again this morning, and
everybody in the street was happy to sit in the sun. The owner, a quiet woman, had waited two
years for this day. Her coffee is wonderful.</p></body></html>"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A small page in a declared encoding."""
    file = tmp_path / "news.html"
    file.write_bytes(PAGE.encode("iso-8859-1"))
    return file


class TestRun:
    def test_a_file_becomes_a_report(self, agentreg: Agentreg, page: Path, tmp_path: Path) -> None:
        """The main job, as a user types it."""
        report = tmp_path / "out" / "report.html"

        typed = agentreg("run", str(page), "--want", "DocumentReport", "--out", str(report))

        assert typed.code == 0
        assert "Caf\xe9 news" in report.read_text(encoding="utf-8")
        assert f"wrote {report}" in typed.out
        assert "build_report" in typed.out
        assert "succeeded" in typed.err

    def test_machine_output_is_one_json_value_with_plan_and_result(
        self, agentreg: Agentreg, page: Path
    ) -> None:
        """Pipelines of tools read it."""
        facts = agentreg("run", str(page), "--want", "TextLanguage", "--json").facts()

        result = facts["result"]
        assert isinstance(result, dict)
        assert result["status"] == "success"
        assert facts["plan"]

    def test_a_value_can_be_given_as_json_in_a_file(
        self, agentreg: Agentreg, tmp_path: Path
    ) -> None:
        """Not every input is a document."""
        value = {"title": "", "source_name": "note", "text": "Bonjour tout le monde. " * 9}
        file = tmp_path / "text.json"
        file.write_text(json.dumps(value), encoding="utf-8")

        typed = agentreg("run", "--have", f"DocumentText=@{file}", "--want", "TextLanguage")

        assert typed.code == 0
        assert '"fr"' in typed.out

    def test_the_second_run_comes_from_the_cache_where_it_is_named(
        self, agentreg: Agentreg, page: Path
    ) -> None:
        """Middleware acts where it is named, and says that it did."""
        words = ("run", str(page), "--want", "Summary", "--middleware", "cache", "--json")

        first, second = agentreg(*words).facts(), agentreg(*words).facts()

        assert _answered_by(first) == {""}
        assert _answered_by(second) == {"middleware-cache/cache"}

    def test_an_agent_that_fails_exits_with_1_and_names_the_stage(
        self, agentreg: Agentreg, tmp_path: Path
    ) -> None:
        """The file is the user's; the error must lead to it."""
        file = tmp_path / "broken.pdf"
        file.write_bytes(b"not a PDF at all")

        typed = agentreg("run", str(file), "--want", "DocumentText")

        assert typed.code == 1
        assert "stage pdf_to_text" in typed.err
        assert "Traceback" not in typed.err

    def test_a_value_that_is_not_of_its_schema_never_shows_up_in_the_error(
        self, agentreg: Agentreg
    ) -> None:
        """Error texts end in logs, and values may be secret."""
        typed = agentreg(
            "run", "--have", 'DocumentText={"text": ["sk-CANARY-1"]}', "--want", "TextLanguage"
        )

        assert typed.code == 1
        assert "sk-CANARY" not in typed.out + typed.err

    @pytest.mark.parametrize("value", ['{"a": 1, "a": 2}', "{", "NaN", '"\\ud800"'])
    @pytest.mark.fault("F28", "F29", "F30")
    def test_json_that_is_no_json_is_wrong_usage(self, agentreg: Agentreg, value: str) -> None:
        """Whatever two parsers would read differently is refused."""
        typed = agentreg("run", "--have", f"DocumentText={value}", "--want", "TextLanguage")

        assert typed.code == 2
        assert "--have" in typed.err

    def test_a_file_of_unknown_type_names_the_types_that_are_known(
        self, agentreg: Agentreg, tmp_path: Path
    ) -> None:
        """The user learns what would work."""
        file = tmp_path / "sheet.xlsx"
        file.write_bytes(b"")

        typed = agentreg("run", str(file), "--want", "DocumentReport")

        assert typed.code == 1
        assert "text/html" in typed.err

    @pytest.mark.requirement("R85")
    def test_an_agent_can_be_run_by_its_name(self, agentreg: Agentreg) -> None:
        """Trying one agent should need no pipeline and no schema name for its output."""
        typed = agentreg(
            "run",
            "detect_language",
            "--have",
            'DocumentText={"title": "", "source_name": "", "text": "Guten Tag, wie geht es?"}',
        )

        assert typed.code == 0
        assert '"de"' in typed.out

    def test_a_missing_file_is_wrong_usage(self, agentreg: Agentreg, tmp_path: Path) -> None:
        """Nothing was run."""
        typed = agentreg("run", str(tmp_path / "none.html"), "--want", "DocumentReport")

        assert typed.code == 2
        assert "none.html" in typed.err


def _answered_by(facts: JsonObject) -> set[str]:
    result = RunResult.from_json(json.dumps(facts["result"]))
    return {stage.answered_by for stage in result.stages}
