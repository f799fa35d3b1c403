"""Who is best, by claims and by evidence, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_core.catalog.catalog import Catalog
from registry_core.composer.ranking import MeasuredEvidence, NoEvidence, Observed, rank, score
from registry_core.names import AgentId, CapabilityName
from registry_core.settings.values import RankingSettings
from tests.catalog.worlds import SCHEMAS, entry

PAGE = SCHEMAS[0]
READ = CapabilityName("read")
GOOD = entry("good", takes=(PAGE,), gives=PAGE, capabilities={"read": 0.9})
FAIR = entry("fair", takes=(PAGE,), gives=PAGE, capabilities={"read.html": 0.7})
CATALOG = Catalog().adding([GOOD, FAIR], schemas=SCHEMAS)
NOW = datetime(2026, 11, 22, tzinfo=UTC)

OBSERVED = st.builds(
    Observed,
    calls=st.integers(0, 500),
    median_seconds=st.floats(0, 1e4),
    age_seconds=st.floats(0, 1e9),
    availability=st.floats(0.01, 1),
)


@dataclass(frozen=True)
class Kept:
    """What a store of runs would say."""

    calls: int
    failures: int = 0
    p50_seconds: float = 0.2
    last_seen_at: str = NOW.isoformat()


def order(measured: dict[AgentId, Kept], **availability: float) -> list[str]:
    """Return the short names of the two agents, best first."""
    known = {AgentId(f"kit/{name}@1.0"): value for name, value in availability.items()}
    evidence = MeasuredEvidence(measured, NOW, known)
    found = rank(CATALOG, CATALOG.entries, evidence, RankingSettings(), capability=READ)
    return [ranked.agent.agent for ranked in found]


@pytest.mark.requirement("R91", "R97")
class TestRank:
    def test_without_evidence_the_better_claim_comes_first(self) -> None:
        """A fresh installation has nothing else to go by."""
        found = rank(CATALOG, CATALOG.entries, NoEvidence(), RankingSettings(), capability=READ)

        assert [r.agent.agent for r in found] == ["good", "fair"]
        assert [r.score.factors[0].value for r in found] == [0.9, 0.7]

    def test_an_agent_that_fails_loses_its_rank_after_some_calls(self) -> None:
        """A high claim does not survive being wrong half of the time."""
        seen = [Kept(n, failures=n // 2, p50_seconds=1.0) for n in (1, 2, 10, 40)]
        ranks = [order({GOOD.id: kept})[0] for kept in seen]

        assert ranks[0] == "good"
        assert ranks[-1] == "fair"
        assert ranks == sorted(ranks, reverse=True)

    def test_an_agent_that_is_slow_loses_its_rank_after_some_calls(self) -> None:
        """Where both can do it, users wait for neither."""
        slow, quick = Kept(100, p50_seconds=60.0), Kept(100, p50_seconds=0.05)

        assert order({GOOD.id: slow, FAIR.id: quick}) == ["fair", "good"]

    @pytest.mark.requirement("R2")
    def test_an_agent_that_is_left_alone_comes_last_whatever_it_claims(self) -> None:
        """Its breaker is open: a plan through it fails at once, and another would run."""
        assert order({GOOD.id: Kept(100)}, good=0.0) == ["fair", "good"]
        assert order({GOOD.id: Kept(100)}, good=0.5) == ["good", "fair"]

    def test_what_was_long_ago_is_forgotten(self) -> None:
        """A bad week of last year says nothing of the release of today."""
        long_ago = (NOW - timedelta(days=100)).isoformat()
        bad = Kept(100, failures=90)

        assert order({GOOD.id: bad})[0] == "fair"
        assert order({GOOD.id: Kept(100, 90, last_seen_at=long_ago)})[0] == "good"

    def test_ties_go_by_id(self) -> None:
        """The same facts give the same pipeline on every machine."""
        twin = entry("also_good", takes=(PAGE,), gives=PAGE, capabilities={"read": 0.9})
        catalog = CATALOG.adding([twin])

        found = rank(catalog, catalog.entries, NoEvidence(), RankingSettings(), capability=READ)

        assert [r.agent.agent for r in found] == ["also_good", "good", "fair"]

    def test_weights_decide_what_matters(self) -> None:
        """One team pays for speed, another for being right."""
        slow = Observed(calls=50, median_seconds=30.0)
        quick = Observed(calls=50, failures=10, median_seconds=0.1)
        for_speed = RankingSettings(capability=0, success=0, availability=0)
        for_success = RankingSettings(capability=0, latency=0, availability=0)

        assert score(1, quick, for_speed).total > score(1, slow, for_speed).total
        assert score(1, quick, for_success).total < score(1, slow, for_success).total

    def test_without_any_weight_all_factors_count_alike(self) -> None:
        """Zeroes everywhere must not make all agents unavailable."""
        none = RankingSettings(capability=0, success=0, latency=0, availability=0)

        assert [factor.weight for factor in score(1, None, none).factors] == [0.25] * 4


@pytest.mark.requirement("R91")
class TestScore:
    def test_each_factor_says_where_it_comes_from(self) -> None:
        """Whose agent was not chosen asks for numbers."""
        seen = Observed(calls=20, failures=1, median_seconds=0.25, age_seconds=2 * 86_400)

        text = str(score(0.8, seen))

        assert text.startswith("0.")
        assert "capability 0.80 x 0.40 (as claimed)" in text
        assert "(19 of 20 calls, 2 days ago)" in text
        assert "(median 0.25 s)" in text
        assert "(nothing against it)" in text
        assert str(score(0.8, Observed(availability=0))).startswith("0: unavailable; ")

    @given(OBSERVED, st.floats(0, 1))
    def test_a_score_is_between_0_and_1_and_more_success_is_never_worse(
        self, seen: Observed, claimed: float
    ) -> None:
        """Whatever a store holds, it can be sorted by."""
        failed = Observed(
            seen.calls, seen.calls, seen.median_seconds, seen.age_seconds, seen.availability
        )

        assert 0 <= score(claimed, failed).total <= score(claimed, seen).total <= 1
        assert sum(factor.weight for factor in score(claimed, seen).factors) == pytest.approx(1)

    def test_no_agent_is_unknown_only_because_nobody_called_it(self) -> None:
        """The prior stands between the proven and the failing."""
        assert NoEvidence().of(GOOD.id) is None
        assert MeasuredEvidence({}, NOW).of(GOOD.id) is None
        assert MeasuredEvidence({}, NOW, {GOOD.id: 0.0}).of(GOOD.id) == Observed(availability=0.0)
