"""A lock says what pipelines were made against, and what of it is no longer so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from registry_core.errors import ConfigError
from registry_core.names import AgentId
from registry_core.pipeline.lock import (
    Drift,
    Lock,
    LockedAgent,
    LockedPipeline,
    SealedDistribution,
    agents_of,
    digest_of,
    drift,
    joined,
    locked_agent,
    parse_lock,
)
from registry_core.pipeline.pipeline import Pipeline
from registry_core.pipeline.policy import Policy
from tests.catalog.worlds import SCHEMAS, entry

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE, TITLED, COUNTED, SCORE, *_ = SCHEMAS
COUNT = entry("count", takes=(PAGE,), gives=COUNTED)
PIPELINE = Pipeline("press").stage("kit/count@1.0")
SEAL = SealedDistribution("1.0", "sha256:1")
ENTRY = LockedPipeline(
    digest_of(PIPELINE), {COUNT.id: locked_agent(COUNT.definition)}, (PAGE.id,), (COUNTED.id,)
)
LOCK = Lock(distributions={"kit": SEAL}, pipelines={"press.toml": ENTRY})


def now(
    *, digest: str = ENTRY.digest, agents: Mapping[AgentId, LockedAgent] = ENTRY.agents
) -> Lock:
    """Return the facts as they are, where the one pipeline has changed."""
    changed = replace(ENTRY, digest=digest, agents=agents)
    return replace(LOCK, pipelines={"press.toml": changed})


class TestDocuments:
    @pytest.mark.requirement("R104")
    def test_it_reads_back_equal_and_sorted(self) -> None:
        """It is reviewed as a diff."""
        text = LOCK.to_json()

        assert parse_lock("agentreg.lock", text.encode()) == LOCK
        assert text.index('"distributions"') < text.index('"format"') < text.index('"pipelines"')

    def test_a_lock_of_trust_alone_is_a_lock(self) -> None:
        """The two have one name, so each must read the other's."""
        text = b'{"distributions": {"kit": {"version": "1.0", "record": "sha256:1"}}}'

        assert parse_lock("agentreg.lock", text) == Lock(distributions={"kit": SEAL})

    @pytest.mark.parametrize(
        "text", ['{"format": 2}', '{"distributions": {"kit": {"version": 1}}}', "[]", "{"]
    )
    def test_what_is_no_lock_is_refused(self, text: str) -> None:
        """A lock that is half understood would admit what it should refuse."""
        with pytest.raises(ConfigError) as caught:
            parse_lock("agentreg.lock", text.encode())

        assert caught.value.subject == "agentreg.lock"
        assert caught.value.faults


@pytest.mark.fault("F37")
class TestDrift:
    def test_what_did_not_change_did_not_drift(self) -> None:
        """A lock that cries wolf is switched off."""
        assert drift(LOCK, LOCK) == ()

    def test_another_version_and_other_files_are_named(self) -> None:
        """The reader has to know which of the two to look for."""
        upgraded = replace(LOCK, distributions={"kit": SealedDistribution("1.1", "sha256:2")})
        rewritten = replace(LOCK, distributions={"kit": SealedDistribution("1.0", "sha256:2")})

        assert drift(LOCK, upgraded) == (Drift("distribution", "kit", "is 1.1, and 1.0 is locked"),)
        assert drift(LOCK, rewritten) == (
            Drift("distribution", "kit", "has other files than the 1.0 locked"),
        )

    def test_what_was_removed_is_gone(self) -> None:
        """Distribution and agent, each by its name."""
        gone = replace(now(agents={}), distributions={})

        assert drift(LOCK, gone) == (
            Drift("distribution", "kit", "is not installed, and 1.0 is locked"),
            Drift("agent", "kit/count@1.0", "is gone"),
        )

    def test_an_agent_that_came_in_place_says_what_it_takes_and_gives(self) -> None:
        """The schema is what breaks an edge."""
        heir = entry("count", takes=(TITLED,), gives=COUNTED).definition
        upgraded = now(agents={AgentId("kit/count@1.1"): locked_agent(heir)})

        assert drift(LOCK, upgraded) == (
            Drift(
                "agent",
                "kit/count@1.0",
                f"became kit/count@1.1; takes {TITLED.id} as a instead of {PAGE.id}",
            ),
        )

    def test_a_declaration_that_changed_under_one_version_is_seen(self) -> None:
        """An editable install keeps its version."""
        costly = locked_agent(replace(COUNT.definition, cost=9.0))

        assert drift(LOCK, now(agents={COUNT.id: costly})) == (
            Drift("agent", "kit/count@1.0", "is declared otherwise"),
        )

    def test_a_pipeline_that_was_edited_is_not_the_one_that_was_locked(self) -> None:
        """Frozen means what was reviewed."""
        edited = digest_of(replace(PIPELINE, outputs=("count",)))

        assert drift(LOCK, now(digest=edited)) == (
            Drift("pipeline", "press.toml", "was edited since it was locked"),
        )


class TestJoining:
    def test_pipelines_of_one_installation_share_a_lock(self) -> None:
        """A folder of pipelines has one lock, as it has one environment."""
        other = Lock(
            distributions={"kit": SEAL, "more": SEAL}, pipelines={"b.toml": replace(ENTRY)}
        )

        both = joined("agentreg.lock", LOCK, other)

        assert set(both.pipelines) == {"press.toml", "b.toml"}
        assert set(both.distributions) == {"kit", "more"}
        assert both.only("press.toml") == LOCK
        assert both.only("nobody") == Lock()

    def test_another_pipeline_is_never_moved_to_another_version(self) -> None:
        """Saving one must not unfreeze the other."""
        upgraded = {"kit": SealedDistribution("1.1", "sha256:2")}
        other = Lock(distributions=upgraded, pipelines={"b.toml": ENTRY})

        with pytest.raises(ConfigError, match=r"press\.toml was made against 1\.0"):
            joined("agentreg.lock", LOCK, other)
        again = joined("agentreg.lock", LOCK, replace(LOCK, distributions=upgraded))

        assert again.distributions == upgraded

    def test_agents_of_fallbacks_are_locked_too(self) -> None:
        """They run when it matters most."""
        policy = Policy(on_error="fallback", fallback="kit/other@1.0")

        assert agents_of(Pipeline("p").stage("kit/count@1.0", policy=policy)) == (
            "kit/count@1.0",
            "kit/other@1.0",
        )
