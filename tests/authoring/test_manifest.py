"""What a plugin offers becomes one text that says the same everywhere."""

from __future__ import annotations

import json

import pytest
from pydantic import BaseModel

from registry_core.authoring.agent import agent, collector, middleware
from registry_core.authoring.manifest import assemble, manifest_text
from registry_core.definitions.capability import CapabilityDefinition
from registry_core.definitions.middleware import Call, Proceed  # noqa: TC001 -- annotations are read
from registry_core.definitions.validating import read_manifest
from registry_core.errors import DefinitionError
from registry_core.names import CapabilityName
from registry_core.results.events import Observer  # noqa: TC001 -- annotations are read


class Page(BaseModel):
    """A page."""

    text: str


@agent(capabilities=["content_analysis"], version="1.2")
def read_page(page: Page) -> str:
    """Return its text."""
    return page.text


@agent
def count_letters(text: str) -> int:
    """Return how many letters there are."""
    return len(text)


@collector()
def listening() -> Observer:
    """Hear everything and do nothing."""
    return lambda _: None


@middleware()
async def pass_on(call: Call, proceed: Proceed) -> object:
    """Do nothing."""
    assert call is not None
    return await proceed()


@agent
def wrong(*texts: str) -> int:
    """Return something."""
    return len(texts)


OCR = CapabilityDefinition(CapabilityName("acme:ocr"), "Read pictures.")


class TestAssemble:
    def test_everything_is_sorted_whatever_the_hook_returned(self) -> None:
        """A manifest in version control changes when the offer does, and not otherwise."""
        one = assemble(agents=[read_page, count_letters], capabilities=[OCR], schemas=[Page])
        other = assemble(agents=[count_letters, read_page], schemas=[Page], capabilities=[OCR])

        assert one == other
        assert [found.name for found in one.agents] == ["count_letters", "read_page"]
        assert [found.name for found in one.schemas] == ["Page", "int", "str"]

    def test_faults_of_several_agents_come_together(self) -> None:
        """An author mends a plugin in one go."""

        @agent
        def local(text: str) -> str:
            return text

        bad = CapabilityDefinition(CapabilityName("No Name"), "")

        with pytest.raises(DefinitionError) as caught:
            assemble(agents=[wrong, local], capabilities=[bad])

        assert {fault.path for fault in caught.value.faults} == {
            "wrong.texts",
            "agents[0].target",
            "capabilities[0].name",
        }

    def test_one_name_belongs_to_one_agent(self) -> None:
        """Its id is made of it."""

        @agent(name="read_page")
        def other(page: Page) -> str:
            return page.text

        with pytest.raises(DefinitionError, match="declared twice"):
            assemble(agents=[read_page, other])


@pytest.mark.requirement("R65", "R104")
class TestText:
    def test_a_manifest_reads_back_equal(self) -> None:
        """Whoever reads the text knows what the code said, without importing it."""
        manifest = assemble(
            agents=[read_page, count_letters],
            capabilities=[OCR],
            middleware=[pass_on],
            collectors=[listening],
            hooks=["registry_agents"],
        )

        found, unknown = read_manifest("mine", manifest_text(manifest).encode())

        assert (found, unknown) == (manifest, ())

    def test_it_is_short_and_canonical(self) -> None:
        """It is read in a diff: sorted keys, no defaults, one newline at the end."""
        text = manifest_text(assemble(agents=[count_letters]))

        document = json.loads(text)
        assert text == json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        assert "timeout_seconds" not in document["agents"][0]
        assert document["format"] == 1
