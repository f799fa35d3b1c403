"""A pipeline that somebody may edit is saved, and read with all its faults."""

from __future__ import annotations

import json

import pytest

from registry_core.catalog.catalog import Catalog
from registry_core.errors import ConfigError
from registry_core.pipeline.binding import bind
from registry_core.pipeline.files import parse_pipeline, pipeline_text
from registry_core.pipeline.pipeline import Pipeline
from registry_core.pipeline.policy import Policy, Substitute
from tests.catalog.worlds import SCHEMAS, entry

PAGE, TITLED, COUNTED, SCORE, *_ = SCHEMAS
CATALOG = Catalog().adding(
    [entry("count", takes=(PAGE,), gives=COUNTED), entry("judge", takes=(TITLED,), gives=SCORE)],
    schemas=SCHEMAS,
)
POLICY = Policy(then="skip", substitute=Substitute({"score": 0.5}), timeout_seconds=2.0)
PIPELINE = bind(Pipeline("press").stage("count").stage("judge", policy=POLICY), CATALOG)


def faults_of(file: str, content: str | bytes) -> dict[str, str]:
    """Return what is wrong with a file, by place."""
    raw = content if isinstance(content, bytes) else content.encode()
    with pytest.raises(ConfigError) as caught:
        parse_pipeline(file, raw).bound(CATALOG)
    return {fault.path: fault.message for fault in caught.value.faults}


class TestSaving:
    @pytest.mark.requirement("R104")
    @pytest.mark.parametrize("file", ["press.toml", "press.json"])
    def test_it_reads_back_equal_and_is_written_again_alike(self, file: str) -> None:
        """Its diff shows what changed, and nothing else."""
        text = pipeline_text(file, PIPELINE)

        found = parse_pipeline(file, text.encode())

        assert found.pipeline == PIPELINE
        assert found.bound(CATALOG) == PIPELINE
        assert pipeline_text(file, found.pipeline) == text

    @pytest.mark.parametrize("file", ["press.toml", "press.json"])
    def test_it_holds_ids_and_bindings_and_never_an_import_path(self, file: str) -> None:
        """A file that named code would be a way to run code."""
        text = pipeline_text(file, PIPELINE)

        assert "kit/count@1.0" in text
        assert "kit:count" not in text

    def test_a_null_is_saved_as_json_only(self) -> None:
        """TOML has none."""
        pipeline = Pipeline("press").stage("count", config={"limit": None})

        with pytest.raises(ConfigError, match=r"\.json"):
            pipeline_text("press.toml", pipeline)
        assert json.loads(pipeline_text("press.json", pipeline))["stages"][0]["config"] == {
            "limit": None
        }


class TestEditing:
    def test_everything_that_is_no_pipeline_is_listed_with_its_line(self) -> None:
        """A hand that wrote one mistake often wrote two."""
        text = (
            'name = "press"\n\n[[stages]]\nid = "a"\nagent = 3\n\n'
            '[[stages]]\nid = "b"\nagent = "judge"\nbindings = [\n'
            '  { inptu = "a", source = { stage = "a" } },\n]\n'
            "[stages.policy]\nmax_attempts = 0\n"
        )

        faults = faults_of("press.toml", text)

        assert "must be a whole number, at least 1" in faults.values()
        assert {place.partition(":")[0] for place in faults} == {"line 5", "line 11", "line 14"}

    @pytest.mark.requirement("R10")
    def test_attempts_may_be_given_by_their_other_name(self) -> None:
        """A policy that is pasted from elsewhere works, and is saved in the words used here."""
        text = pipeline_text("press.toml", PIPELINE).replace("max_attempts = 3", "retry_count = 0")

        found = parse_pipeline("press.toml", text.encode())

        policy = found.pipeline.stages[1].policy
        assert policy is not None
        assert policy.max_attempts == 1
        assert "max_attempts = 1" in pipeline_text("press.toml", found.pipeline)

    @pytest.mark.requirement("R10")
    def test_both_names_of_the_attempts_are_one_fault_with_its_line(self) -> None:
        """Nobody should have to find out which of them counts."""
        text = pipeline_text("press.toml", PIPELINE).replace(
            "max_attempts = 3", "retry_count = 3\nmax_attempts = 3"
        )

        [(place, message)] = faults_of("press.toml", text).items()

        assert place.endswith("stages[1].policy.retry_count")
        assert "max_attempts" in message

    @pytest.mark.fault("F36")
    def test_what_does_not_hold_here_is_listed_with_its_line(self) -> None:
        """Cycles, twins, self edges and unknown names: one look at the file mends them all."""
        text = (
            'name = "press"\noutputs = ["nobody"]\n'
            '[[stages]]\nid = "a"\nagent = "missing"\n'
            '[[stages]]\nid = "b"\nagent = "judge"\nbindings = [\n'
            '  { input = "a", source = { stage = "b" } },\n]\n'
            '[[stages]]\nid = "b"\nagent = "kit/count@1.0"\nconfig = { limit = 1 }\n'
            'bindings = [\n  { input = "q", source = { stage = "c" } },\n]\n'
        )

        faults = faults_of("press.toml", text)

        assert {place: faults[place] for place in sorted(faults)}.keys() >= {
            "line 2: outputs",
            "line 5: stages.a.agent",
            "line 13: stages.b",
            "line 15: stages.b.config",
            "line 17: stages.b.q",
        }

    def test_an_edge_that_does_not_fit_has_its_line_too(self) -> None:
        """The binding is what was edited."""
        text = pipeline_text("press.json", PIPELINE).replace('"stage": "count"', '"input": "a"')

        faults = faults_of("press.json", text)

        (place,) = faults
        line = int(place.removeprefix("line ").partition(":")[0])
        assert '"input": "a"' in "".join(text.splitlines()[line - 1 : line + 2])
        assert "Page does not fit Titled" in faults[place]

    @pytest.mark.fault("F36")
    def test_a_pipeline_without_stages_is_refused(self) -> None:
        """There is nothing to run."""
        assert faults_of("p.json", '{"name": "p"}') == {
            "line 1: stages": "a pipeline needs at least one stage"
        }

    @pytest.mark.parametrize(
        ("file", "content"),
        [
            ("p.toml", b"name = "),
            ("p.toml", b"\xff"),
            ("p.toml", b'name = "p"\nwhen = 2020-01-01'),
            ("p.toml", b'name = "p"\nlimit = nan'),
            ("p.toml", b"a." * 50 + b"b = 1"),
            ("p.toml", b"a = " + b"[" * 5000 + b"]" * 5000),
            ("p.toml", b"#" * (1 << 20) + b"\n"),
            ("p.json", b"{"),
            ("p.json", b'{"name": "p", "name": "q"}'),
            ("p.json", b"[" * 500 + b"]" * 500),
            ("p.json", b"[]"),
            ("p.json", b'{"name": "p", "local": [["a", "os:system"]]}'),
        ],
    )
    def test_what_is_no_document_is_refused(self, file: str, content: bytes) -> None:
        """Files come from mails, merges and editors."""
        assert faults_of(file, content)
