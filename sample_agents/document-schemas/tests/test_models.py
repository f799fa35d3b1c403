"""What holds between the models, whoever uses them."""

from __future__ import annotations

from importlib.resources import files
from itertools import permutations

import pytest
from document_schemas import (
    DocumentReport,
    HtmlPage,
    Keywords,
    PersonalData,
    Readability,
    ReportFacts,
    Sentiment,
    Summary,
    TextLanguage,
    plugin,
)
from pydantic import BaseModel, ValidationError

from registry_core.authoring.manifest import assemble, manifest_text
from registry_core.hooks.relay import ask

MODELS = [model for model in plugin.registry_schemas() if issubclass(model, BaseModel)]


def _report() -> DocumentReport:
    return DocumentReport(
        media_type="text/html",
        title="A",
        content=b"<!doctype html>",
        facts=ReportFacts(
            language=TextLanguage(language_code="en", language_name="English", confidence=1),
            keywords=Keywords(keywords=(), characters_sampled=0),
            sentiment=Sentiment(
                sentiment="neutral",
                polarity=0,
                positive_share=0,
                negative_share=0,
                course=(),
                unmeasured_because="",
            ),
            personal_data=PersonalData(personal_data=()),
            readability=Readability(
                reading_level="easy",
                lix=30,
                words=1,
                sentences=1,
                words_per_sentence=1,
                letters_per_word=1,
                reading_minutes=1,
                sentence_lengths=(1,),
            ),
            summary=Summary(summary_sentences=()),
        ),
    )


class TestContent:
    def test_bytes_survive_the_way_through_json(self) -> None:
        """A file that comes out changed is worse than no file."""
        page = HtmlPage(media_type="text/html", name="a", content=bytes(range(256)))

        again = HtmlPage.model_validate_json(page.model_dump_json())

        assert again == page

    def test_what_is_not_base64_is_refused(self) -> None:
        """Half-decoded rubbish would surface three agents later."""
        with pytest.raises(ValidationError):
            HtmlPage.model_validate_json('{"media_type":"text/html","name":"a","content":"?"}')


class TestDistinctness:
    @pytest.mark.parametrize(
        ("given", "taken"),
        list(permutations(MODELS, 2)),
        ids=lambda model: model.__name__,
    )
    def test_no_model_passes_for_another(
        self, given: type[BaseModel], taken: type[BaseModel]
    ) -> None:
        """A planner that mistakes a report for a page plans in circles."""
        literals = {
            name: field.annotation
            for name, field in taken.model_fields.items()
            if name == "media_type"
        }
        has = set(given.model_fields)
        needs = {name for name, field in taken.model_fields.items() if field.is_required()}

        fits = needs <= has and all(
            given.model_fields[name].annotation == annotation
            for name, annotation in literals.items()
        )

        assert not fits

    def test_a_report_is_not_read_as_a_page(self) -> None:
        """Both are HTML: only the missing name keeps a plan from reading its own report."""
        with pytest.raises(ValidationError, match="name"):
            HtmlPage.model_validate_json(_report().model_dump_json())


class TestManifest:
    def test_the_committed_manifest_is_what_the_code_says(self) -> None:
        """The host reads the file and never the code, so they must not drift apart."""
        offers = ask(plugin, host_version="0.1.0")

        text = manifest_text(
            assemble(capabilities=offers.capabilities, schemas=offers.schemas, hooks=offers.hooks)
        )

        assert files("document_schemas").joinpath("agents.json").read_text("utf-8") == text
