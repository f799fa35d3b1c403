"""How good an agent is, from what it claims and from what was measured of it.

Pure: what was measured comes in as evidence, and the clock with it. So the same facts always give
the same order, and each factor can be shown to whoever asks why. Where nothing was measured a
prior stands in, so a new agent is neither the best nor the worst.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from registry_core.composer.expectation import Expect, Expectation, declared
from registry_core.names import AgentId, CapabilityName
from registry_core.settings.values import RankingSettings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from registry_core.catalog.catalog import Catalog
    from registry_core.catalog.entry import CatalogEntry

__all__ = ["Evidence", "Factor", "FactorName", "Measured", "MeasuredEvidence", "NoEvidence"]
__all__ += ["Observed", "Ranked", "Score", "expecting", "rank", "score"]

FactorName: TypeAlias = Literal["capability", "success", "latency", "availability"]

# Worth this many calls: nine in ten succeed, and one takes the typical time.
_PRIOR_CALLS = 5.0
_PRIOR_SUCCESS = 0.9
_DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Observed:
    """What was measured of one agent.

    Attributes:
        calls: Attempts that are counted.
        failures: How many of them failed or took too long.
        median_seconds: Half of the attempts were over by then; 0 where none was timed.
        age_seconds: How long ago the latest attempt was.
        availability: Whether it could answer now: 1 when all is well, 0 when it is left alone,
            such as by an open breaker, and in between when room is scarce.
    """

    calls: int = 0
    failures: int = 0
    median_seconds: float = 0.0
    age_seconds: float = 0.0
    availability: float = 1.0


class Evidence(Protocol):
    """Where what was measured comes from."""

    def of(self, agent: AgentId) -> Observed | None:
        """Return what was measured of *agent*, or None where nothing was."""
        ...

    def away(self) -> frozenset[AgentId]:
        """Return the agents that cannot answer now, such as those whose breaker is open."""
        ...


class NoEvidence:
    """Nobody measured anything: agents are told apart by what they declare."""

    def of(self, agent: AgentId) -> Observed | None:
        """Return None."""
        del agent
        return None

    def away(self) -> frozenset[AgentId]:
        """Return nobody."""
        return frozenset()


class Measured(Protocol):
    """What a store of runs says of one agent."""

    @property
    def calls(self) -> int:
        """How many attempts are counted."""
        ...

    @property
    def failures(self) -> int:
        """How many of them failed or took too long."""
        ...

    @property
    def p50_seconds(self) -> float:
        """Half of those that were timed were over by then."""
        ...

    @property
    def last_seen_at(self) -> str:
        """Beginning of the latest one, UTC in ISO 8601."""
        ...


@dataclass(frozen=True, slots=True)
class MeasuredEvidence:
    """What runs left behind, seen from one moment.

    Attributes:
        measured: What a store of runs says, by agent.
        now: The moment.
        availability: From 0 to 1, by agent; 1 for all others.
    """

    measured: Mapping[AgentId, Measured]
    now: datetime
    availability: Mapping[AgentId, float] = field(default_factory=dict[AgentId, float])

    def of(self, agent: AgentId) -> Observed | None:
        """Return what was measured of *agent*, or None where nothing was."""
        found = self.measured.get(agent)
        available = self.availability.get(agent, 1.0)
        if found is None:
            return Observed(availability=available) if agent in self.availability else None
        then = datetime.fromisoformat(found.last_seen_at)
        age = self.now - (then if then.tzinfo else then.replace(tzinfo=UTC))
        return Observed(
            calls=found.calls,
            failures=found.failures,
            median_seconds=found.p50_seconds,
            age_seconds=max(age.total_seconds(), 0.0),
            availability=available,
        )

    def away(self) -> frozenset[AgentId]:
        """Return the agents whose availability is 0."""
        return frozenset(agent for agent, value in self.availability.items() if value <= 0)


@dataclass(frozen=True, slots=True)
class Factor:
    """One of the reasons for a score.

    Attributes:
        name: Which.
        value: From 0 to 1, and more is better.
        weight: Its share in the score; all shares make 1.
        why: Where the value comes from.
    """

    name: FactorName
    value: float
    weight: float
    why: str

    def __str__(self) -> str:
        """As a term of the sum."""
        return f"{self.name} {self.value:.2f} x {self.weight:.2f} ({self.why})"


@dataclass(frozen=True, slots=True)
class Score:
    """How good an agent is.

    Attributes:
        factors: What it is made of, in a fixed order.
        unavailable: Whether it cannot answer now, which makes all else worth nothing.
    """

    factors: tuple[Factor, ...]
    unavailable: bool = False

    @property
    def total(self) -> float:
        """From 0 to 1; 0 when the agent is not available."""
        if self.unavailable:
            return 0.0
        return sum(factor.value * factor.weight for factor in self.factors)

    def __str__(self) -> str:
        """Each factor, and the sum."""
        terms = " + ".join(map(str, self.factors))
        return f"{self.total:.3f} = {terms}" if not self.unavailable else f"0: unavailable; {terms}"


@dataclass(frozen=True, slots=True)
class Ranked:
    """An agent with its score."""

    agent: AgentId
    score: Score


def rank(
    catalog: Catalog,
    agents: Iterable[AgentId],
    evidence: Evidence,
    weights: RankingSettings,
    *,
    capability: CapabilityName | None = None,
) -> tuple[Ranked, ...]:
    """Return *agents*, best first, and ties by id.

    Args:
        catalog: Where they are.
        agents: Each a full id.
        evidence: What was measured.
        weights: What counts how much.
        capability: What they are wanted for; without it the best that each of them claims counts.
    """
    found = (
        Ranked(agent, score(_claimed(catalog, agent, capability), evidence.of(agent), weights))
        for agent in agents
    )
    return tuple(sorted(found, key=lambda ranked: (-ranked.score.total, ranked.agent)))


def score(
    claimed: float, observed: Observed | None, weights: RankingSettings | None = None
) -> Score:
    """Return how good an agent is, with every factor.

    Success is the mean of a Beta posterior with forgetting, latency is shrunk towards the
    typical time on a logarithmic scale, both worth five calls where nothing was measured.

    Args:
        claimed: The score that it claims for what it is wanted for, from 0 to 1.
        observed: What was measured of it, if anything was.
        weights: What counts how much; the defaults of the settings unless given.

    Source:
        A. Jøsang and R. Ismail, "The Beta Reputation System", Bled Electronic Commerce
        Conference, 2002; B. Efron and C. Morris, "Data Analysis Using Stein's Estimator and Its
        Generalizations", JASA 70, 1975.

    >>> new, proven = score(0.9, None), score(0.9, Observed(calls=95, median_seconds=0.1))
    >>> failing = score(0.9, Observed(calls=95, failures=40, median_seconds=0.1))
    >>> failing.total < new.total < proven.total
    True
    >>> score(1.0, Observed(availability=0.0)).total
    0.0
    """
    weights = weights or RankingSettings()
    seen = observed or Observed()
    decay = _decay(seen, weights)
    typical = weights.typical_seconds
    expected = _expected_seconds(seen, decay, typical)
    timed = f"median {seen.median_seconds:.3g} s" if seen.median_seconds > 0 else "not measured"
    available = min(max(seen.availability, 0.0), 1.0)
    values: tuple[tuple[FactorName, float, float, str], ...] = (
        ("capability", claimed, weights.capability, "as claimed"),
        ("success", _expected_success(seen, decay), weights.success, _success_why(seen)),
        ("latency", typical / (typical + expected), weights.latency, timed),
        ("availability", available, weights.availability, _available_why(available)),
    )
    # Without any weight all factors count alike: otherwise everybody would be worth nothing.
    whole = sum(weight for *_, weight, _ in values)
    shares = [weight / whole if whole else 1 / len(values) for *_, weight, _ in values]
    factors = (
        Factor(name, value, share, why)
        for (name, value, _, why), share in zip(values, shares, strict=True)
    )
    return Score(tuple(factors), unavailable=available == 0)


def expecting(evidence: Evidence, weights: RankingSettings) -> Expect:
    """Return what the planner may expect of each agent, by *evidence* and else by the priors.

    The same estimates as in the factors: seconds and success are the posteriors', the score is
    that for the agent's best claim. Between plans that are alike the rest of the score decides,
    without the claim: agents that nobody measured are alike.
    """

    def expect(entry: CatalogEntry) -> Expectation:
        observed = evidence.of(entry.id)
        seen = observed or Observed()
        decay = _decay(seen, weights)
        return Expectation(
            latency_seconds=_expected_seconds(seen, decay, weights.typical_seconds),
            success=_expected_success(seen, decay),
            score=score(declared(entry).score, observed, weights).total,
            merit=score(1.0, observed, weights).total,
        )

    return expect


def _claimed(catalog: Catalog, agent: AgentId, capability: CapabilityName | None) -> float:
    if capability is None:
        return declared(catalog.entry(agent)).score
    return catalog.capabilities.score(catalog.definition(agent), capability)


def _decay(seen: Observed, weights: RankingSettings) -> float:
    return math.pow(0.5, seen.age_seconds / (weights.half_life_days * _DAY_SECONDS))


def _expected_success(seen: Observed, decay: float) -> float:
    good = decay * (seen.calls - seen.failures) + _PRIOR_CALLS * _PRIOR_SUCCESS
    return good / (decay * seen.calls + _PRIOR_CALLS)


def _expected_seconds(seen: Observed, decay: float, typical_seconds: float) -> float:
    if seen.median_seconds <= 0:
        return typical_seconds
    # Times spread over decades, so their logarithm is what has a mean.
    calls = decay * seen.calls
    log = calls * math.log(seen.median_seconds / typical_seconds)
    return typical_seconds * math.exp(log / (calls + _PRIOR_CALLS))


def _success_why(seen: Observed) -> str:
    if not seen.calls:
        return "not measured"
    days = seen.age_seconds / _DAY_SECONDS
    ago = f", {days:.0f} days ago" if days >= 1 else ""
    return f"{seen.calls - seen.failures} of {seen.calls} calls{ago}"


def _available_why(available: float) -> str:
    match available:
        case 0.0:
            return "left alone now"
        case 1.0:
            return "nothing against it"
        case _:
            return "little room"
