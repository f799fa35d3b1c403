"""What an author leaves open is filled in by one rule; what cannot be is said, all at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from registry_core.catalog.catalog import Catalog
from registry_core.definitions.schema import JsonObject, SchemaDefinition
from registry_core.errors import PipelineError, SchemaMismatchError
from registry_core.names import SchemaName
from registry_core.pipeline.binding import bind
from registry_core.pipeline.pipeline import (
    Binding,
    FromInput,
    FromStage,
    Pipeline,
    PipelineInput,
    Stage,
)
from registry_core.pipeline.policy import Policy, Substitute
from tests.catalog.worlds import SCHEMAS, entry, record

PAGE, TITLED, COUNTED, SCORE, INT_SCORE, *_ = SCHEMAS
SETTINGS = record("Settings", length="integer")
EMAIL: JsonObject = {"type": "string", "pattern": r"^(a+)b\1$"}
FOGGY = SchemaDefinition(SchemaName("Foggy"), "0123456789ab", EMAIL, EMAIL)

READ = entry("read", takes=(PAGE,), gives=TITLED)
COUNT = entry("count", takes=(TITLED,), gives=COUNTED)
JUDGE = entry("judge", takes=(PAGE,), gives=SCORE)
JOIN = entry("join", takes=(PAGE, SCORE), gives=PAGE, optional=(SCORE,))
ROUND = entry("round", takes=(INT_SCORE,), gives=INT_SCORE)
FETCH = entry("fetch", gives=PAGE)
LISTEN = entry("listen", optional=(SCORE,), gives=SCORE)
GUESS = entry("guess", takes=(FOGGY,), gives=PAGE)
MUMBLE = entry("mumble", gives=FOGGY)
KNOWN = Catalog().adding(
    [READ, COUNT, JUDGE, JOIN, ROUND, FETCH, LISTEN, GUESS, MUMBLE],
    schemas=[*SCHEMAS, SETTINGS, FOGGY],
)


def sources(pipeline: Pipeline) -> dict[str, object]:
    """Return the source of each bound input, by stage and input."""
    return {
        f"{stage.id}.{binding.input}": binding.source
        for stage in pipeline.stages
        for binding in stage.bindings
    }


def faults_of(pipeline: Pipeline, known: Catalog = KNOWN) -> dict[str, str]:
    """Return what is wrong with *pipeline*, by path."""
    with pytest.raises(PipelineError) as caught:
        bind(pipeline, known)
    faults: dict[str, str] = {}
    for fault in caught.value.faults:
        before = faults.get(fault.path)
        faults[fault.path] = f"{before}; {fault.message}" if before else fault.message
    return faults


class TestFillingIn:
    def test_a_chain_feeds_each_stage_from_the_one_before(self) -> None:
        """What people mean by writing one under the other."""
        bound = bind(Pipeline("p").stage("read").stage("count"), KNOWN)

        assert sources(bound) == {"read.a": FromInput("a"), "count.a": FromStage("read")}
        assert bound.inputs == (PipelineInput("a", PAGE.id),)
        assert bound.outputs == ("count",)
        assert [stage.agent for stage in bound.stages] == [READ.id, COUNT.id]

    def test_other_inputs_take_their_very_schema_or_the_nearest(self) -> None:
        """The stage before is what a stage is about; the rest is context."""
        pipeline = Pipeline("p").stage("read").stage("judge").stage("join")

        assert sources(bind(pipeline, KNOWN))["join.b"] == FromStage("judge")
        assert sources(bind(pipeline, KNOWN))["join.a"] == FromInput("a")

    def test_an_optional_input_keeps_its_default_unless_nothing_else_connects(self) -> None:
        """A default is a choice; a stage that ignores the one before it is a slip."""
        join = bind(Pipeline("p").stage("judge").stage("join"), KNOWN)
        listen = bind(Pipeline("p").stage("judge").stage("listen"), KNOWN)

        assert "join.x" not in sources(join)
        assert sources(listen)["listen.x"] == FromStage("judge")
        assert bind(listen, KNOWN) == listen

    def test_inputs_of_the_same_name_get_names_of_their_own(self) -> None:
        """The caller gives each by name."""
        both = Pipeline("p", inputs=(PipelineInput("a", SCORE.id),)).stage("read")

        assert [declared.name for declared in bind(both, KNOWN).inputs] == ["a", "a_2"]

    def test_what_was_written_stays(self) -> None:
        """An author who chooses is right, unless it is proved wrong."""
        pipeline = Pipeline("p").stage("read").stage("fetch").stage("judge", sources={"a": "read"})

        assert sources(bind(pipeline, KNOWN))["judge.a"] == FromStage("read")

    @pytest.mark.fault("F35")
    def test_what_cannot_be_decided_is_not_assumed_but_may_be_written(self) -> None:
        """Unknown is not compatible; who knows better says so, and the run checks."""
        number = entry("number", gives=SCHEMAS[5])
        word = SchemaDefinition(
            SchemaName("Word"), "0123456789cd", {"type": "string"}, {"type": "string"}
        )
        say = entry("say", gives=word)
        known = KNOWN.adding([number, say], schemas=[word])
        forced = Pipeline("p").stage("say").stage("guess", sources={"a": "say"})

        faults = faults_of(Pipeline("p").stage("say").stage("guess"), known)

        assert "sources=" in faults["stages.guess.a"]
        assert sources(bind(forced, known))["guess.a"] == FromStage("say")
        assert sources(bind(Pipeline("p").stage("mumble").stage("guess"), KNOWN)) == {
            "guess.a": FromStage("mumble")
        }


class TestFaults:
    @pytest.mark.requirement("R27")
    @pytest.mark.fault("F36")
    def test_a_pipeline_without_stages_is_refused(self) -> None:
        """Nothing could come out of it."""
        assert faults_of(Pipeline("p")) == {"stages": "a pipeline needs at least one stage"}

    @pytest.mark.requirement("R12")
    @pytest.mark.fault("F36")
    def test_every_fault_comes_at_once_with_its_place(self) -> None:
        """A generated pipeline may have many; each costs a deployment to find alone."""

        def stage(name: str, agent: str, **reads: str) -> Stage:
            return Stage(
                name, agent, tuple(Binding(key, FromStage(value)) for key, value in reads.items())
            )

        pipeline = Pipeline(
            "p",
            stages=(
                stage("one", "judge", a="two"),
                stage("two", "count", a="one"),
                stage("self", "read", a="self"),
                stage("twice", "fetch"),
                stage("twice", "fetch"),
                stage("early", "read", a="last"),
                stage("dangling", "read", a="nowhere"),
                stage("unknown", "nobody"),
                stage("odd", "read", zzz="twice"),
                stage("b d", "fetch"),
                Stage("double", "read", (Binding("a", FromStage("twice")),) * 2),
                stage("last", "fetch"),
            ),
            inputs=(PipelineInput("in", "Nobody"), PipelineInput("in", PAGE.id)),
            outputs=("gone",),
        )

        faults = faults_of(pipeline)

        assert "cycle: one reads two reads one" in faults["stages.one.a"]
        assert faults["stages.self.a"] == "the stage reads its own output"
        assert faults["stages.twice"] == "the id stands twice"
        assert "comes later" in faults["stages.early.a"]
        assert faults["stages.dangling.a"] == "no stage is named 'nowhere'"
        assert "nobody" in faults["stages.unknown.agent"]
        assert "it takes a" in faults["stages.odd.zzz"]
        assert "stages.'b d'" in faults
        assert faults["stages.double.a"] == "has two sources"
        assert faults["inputs.in"]
        assert faults["outputs"] == "no stage is named 'gone'"

    @pytest.mark.requirement("R28")
    @pytest.mark.fault("F34")
    def test_one_edge_that_does_not_fit_is_shown_with_a_value_that_is_refused(self) -> None:
        """Both sides, the place and an example: what a person needs to mend it."""
        pipeline = Pipeline("p").stage("judge").stage("round", sources={"a": "judge"})

        with pytest.raises(SchemaMismatchError) as caught:
            bind(pipeline, KNOWN)

        error = caught.value
        assert (error.producer, error.consumer) == ("Score", "IntScore")
        assert (error.path, error.pointer) == ("stages.round.a", "/score")
        assert error.witness == {"score": 0.5}
        assert isinstance(error, PipelineError)

    def test_an_agent_that_nobody_knows_does_not_cause_more_faults(self) -> None:
        """One cause, one line."""
        faults = faults_of(Pipeline("p").stage("nobody").stage("count"))

        assert faults.keys() == {"stages.nobody.agent"}

    @pytest.mark.requirement("R38")
    def test_a_substitute_of_the_wrong_form_is_refused_before_any_run(self) -> None:
        """It would reach the next stage on the worst day."""
        wrong = Policy(on_error="skip", substitute=Substitute({"title": 1, "text": ""}))
        right = Policy(on_error="skip", substitute=Substitute({"title": "", "text": ""}))

        faults = faults_of(Pipeline("p").stage("read", policy=wrong).stage("count"))

        assert "/title" in faults["stages.read.policy.substitute"]
        assert bind(Pipeline("p").stage("read", policy=right), KNOWN).stages[0].policy == right

    @pytest.mark.requirement("R8")
    def test_a_fallback_must_take_and_give_what_the_stage_does(self) -> None:
        """The other agent runs in its place, with its inputs."""

        def falling_back_on(name: str) -> Pipeline:
            policy = Policy(on_error="fallback", fallback=name)
            return Pipeline("p").stage("read", policy=policy)

        spare = entry("spare", takes=(PAGE,), gives=COUNTED)
        known = KNOWN.adding([spare])

        bound = bind(falling_back_on("spare"), known)

        assert bound.stages[0].policy == Policy(on_error="fallback", fallback=spare.id)
        assert "needs 'b'" in faults_of(falling_back_on("join"))["stages.read.policy.fallback"]
        assert "IntScore" in faults_of(falling_back_on("round"))["stages.read.policy.fallback"]
        assert "nobody" in faults_of(falling_back_on("nobody"))["stages.read.policy.fallback"]

    @pytest.mark.requirement("R75")
    def test_a_configuration_is_checked_and_unknown_keys_are_refused(self) -> None:
        """A misspelt setting is silence until production."""
        tuned = replace(READ.definition, config=SETTINGS.id)
        known = KNOWN.adding([replace(READ, definition=tuned)], replacing=True)

        faults = faults_of(Pipeline("p").stage("read", config={"length": 1, "lenght": 2}), known)

        assert faults.keys() == {"stages.read.config.lenght"}
        assert bind(Pipeline("p").stage("read", config={"length": 1}), known).stages[0].config
        assert (
            "takes no configuration"
            in faults_of(Pipeline("p").stage("count", config={"a": 1}))["stages.count.config"]
        )


class TestSize:
    @pytest.mark.fault("F36")
    def test_ten_thousand_stages_bind(self) -> None:
        """A generated pipeline has no people's size, and nothing here may recurse."""
        count = 10_000
        stages = tuple(Stage(f"s{number}", JUDGE.id) for number in range(count))
        pipeline = Pipeline("long", stages=(Stage("first", READ.id), *stages[: count - 1]))

        bound = bind(pipeline, KNOWN)

        assert len(bound.stages) == count
        assert sources(bound)["s9998.a"] == FromInput("a")

    @pytest.mark.fault("F36")
    def test_a_circle_of_ten_thousand_stages_is_told(self) -> None:
        """A cycle may be as long as the pipeline."""
        count = 10_000
        stages = tuple(
            Stage(f"s{n}", JUDGE.id, (Binding("a", FromStage(f"s{(n - 1) % count}")),))
            for n in range(count)
        )

        assert "is part of a cycle" in faults_of(Pipeline("ring", stages=stages))["stages.s0.a"]
