"""What counts as a secret."""

from __future__ import annotations

import pytest
from middleware_redact.secrets import REDACTED, Json, Redaction

CANARY = "CANARY-4f1d"
TOKEN = "ghp_0123456789abcdefABCDEF"  # noqa: S105 -- the shape of one


class TestFields:
    @pytest.mark.parametrize(
        "name",
        ["password", "Password", "api_key", "apiKey", "x-api-key", "userPassword", "Authorization"],
    )
    def test_a_field_that_says_so_is_one(self, name: str) -> None:
        """Every service spells it in its own way."""
        assert Redaction().json({name: CANARY}) == {name: REDACTED}

    @pytest.mark.parametrize("name", ["page_token", "max_tokens", "secretary", "key", "passwords"])
    def test_a_field_that_only_sounds_like_it_is_left_alone(self, name: str) -> None:
        """Without its page token a caller reads the first page for ever."""
        assert Redaction().json({name: CANARY}) == {name: CANARY}

    def test_everything_inside_is_blanked_and_the_shape_stays(self) -> None:
        """The schema of the output still has to hold."""
        value: Json = {"secret": {"pin": 4711, "words": ["a", ""], "set": True, "at": None}}

        assert Redaction().json(value) == {
            "secret": {"pin": 0, "words": [REDACTED, ""], "set": True, "at": None}
        }

    @pytest.mark.parametrize(
        ("pointer", "clean"),
        [
            ("/user/ssn", {"user": {"ssn": REDACTED}, "rows": [{"id": "1"}, {"id": "2"}]}),
            ("/rows/*/id", {"user": {"ssn": "1"}, "rows": [{"id": REDACTED}, {"id": REDACTED}]}),
            ("/rows/1", {"user": {"ssn": "1"}, "rows": [{"id": "1"}, {"id": REDACTED}]}),
            ("/rows/7/id", {"user": {"ssn": "1"}, "rows": [{"id": "1"}, {"id": "2"}]}),
        ],
    )
    def test_a_pointer_names_one_place(self, pointer: str, clean: Json) -> None:
        """``id`` is a secret here and nowhere else."""
        redaction = Redaction.of({"AGENTREG_REDACT_FIELDS": pointer})

        assert redaction.json({"user": {"ssn": "1"}, "rows": [{"id": "1"}, {"id": "2"}]}) == clean


class TestValues:
    @pytest.mark.parametrize(
        "environment",
        [
            {"SERVICE_TOKEN": CANARY},
            {"db_password": CANARY},
            {"WHERE": CANARY, "AGENTREG_REDACT_VARIABLES": "OTHER WHERE"},
        ],
    )
    def test_a_value_of_the_environment_is_found_anywhere(
        self, environment: dict[str, str]
    ) -> None:
        """Keys come in by the environment, and agents repeat what they were sent."""
        redaction = Redaction.of(environment)

        assert redaction.json([f"got {CANARY}!", {CANARY: 1}]) == ["got [redacted]!", {REDACTED: 1}]

    def test_it_is_found_in_urls_as_well(self) -> None:
        """Half of all leaks are query strings."""
        redaction = Redaction.of({"A_KEY": "a b/c+d"})

        assert redaction.text("?key=a%20b%2Fc%2Bd&x") == "?key=[redacted]&x"

    def test_short_values_are_no_secrets(self) -> None:
        """With ``A_KEY=1`` every number would be gone."""
        assert Redaction.of({"A_KEY": "1"}).text("10:11") == "10:11"

    def test_the_longer_of_two_is_taken_whole(self) -> None:
        """The rest of a key is still half a key."""
        redaction = Redaction.of({"A_KEY": "abcdef", "B_KEY": "abcdefghi"})

        assert redaction.text("abcdefghi") == REDACTED


class TestShapes:
    @pytest.mark.parametrize(
        "secret",
        [
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4\n\nMIIE\n-----END RSA PRIVATE KEY-----",
            "eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSMeKKF2",
            "AKIAABCDEFGHIJKLMNOP",
            TOKEN,
            "sk-proj-0123456789abcdef",
        ],
    )
    def test_what_looks_like_a_key_is_one(self, secret: str) -> None:
        """Nobody listed the key that a customer pasted into a document."""
        assert Redaction().text(f"<{secret}>") == f"<{REDACTED}>"

    @pytest.mark.parametrize(
        "text", ["sk-toggleable__content fitted", "https://example.org:8080/a@b", "bearer of news"]
    )
    def test_what_only_looks_a_little_like_it_stays(self, text: str) -> None:
        """A redaction that eats text is switched off."""
        assert Redaction().text(text) == text

    @pytest.mark.parametrize(
        "piece", ["eyJ", "-eyJ", "sk-", "-----BEGIN PRIVATE KEY-----", "://a:"]
    )
    def test_hostile_text_is_searched_in_linear_time(self, piece: str) -> None:
        """What is searched comes from strangers; a quadratic search would still be running."""
        text = piece * (2_000_000 // len(piece))

        assert len(Redaction().text(text)) <= len(text)
