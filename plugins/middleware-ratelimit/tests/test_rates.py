"""How often which agents may be called, as a user writes it."""

from __future__ import annotations

import pytest
from middleware_ratelimit.rates import Rate, RateSettings, RateSettingsError


class TestReading:
    def test_nothing_said_is_nothing_limited(self) -> None:
        """The middleware may be on before anybody has a rate for it."""
        assert RateSettings.of({}) == RateSettings((), 10.0)

    @pytest.mark.parametrize(
        ("text", "rates"),
        [
            ("web-agents/fetch=5/s", (Rate("web-agents/fetch", 5, 1.0),)),
            (
                "web-agents=90/min, *=3600/h",
                (Rate("web-agents", 90, 60.0), Rate("*", 3600, 3600.0)),
            ),
            ("  ", ()),
        ],
    )
    def test_rates_are_words(self, text: str, rates: tuple[Rate, ...]) -> None:
        """Everybody reads ``5/s`` the same way."""
        assert RateSettings.of({"AGENTREG_RATES": text}).rates == rates

    @pytest.mark.parametrize(
        ("variable", "value"),
        [
            ("AGENTREG_RATES", "web-agents"),
            ("AGENTREG_RATES", "web-agents=5"),
            ("AGENTREG_RATES", "web-agents=0/s"),
            ("AGENTREG_RATES", "web-agents=-1/s"),
            ("AGENTREG_RATES", "web-agents=5/day"),
            ("AGENTREG_RATE_WAIT_SECONDS", "long"),
            ("AGENTREG_RATE_WAIT_SECONDS", "inf"),
        ],
    )
    def test_what_cannot_be_read_is_not_ignored(self, variable: str, value: str) -> None:
        """A limit with a typing error would let everything through."""
        with pytest.raises(RateSettingsError) as caught:
            RateSettings.of({variable: value})

        assert (caught.value.variable, caught.value.given) == (variable, value)


class TestCovering:
    @pytest.mark.parametrize(
        ("name", "covered"),
        [
            ("web-agents/fetch", True),
            ("web-agents", True),
            ("*", True),
            ("web-agents/parse", False),
            ("web", False),
        ],
    )
    def test_a_rate_is_about_an_agent_a_distribution_or_all(
        self, name: str, *, covered: bool
    ) -> None:
        """A service limits its caller, and the caller may be one agent or ten."""
        assert Rate(name, 1, 1.0).covers("web-agents/fetch@1.0.0") is covered
