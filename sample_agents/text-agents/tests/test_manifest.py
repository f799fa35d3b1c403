"""What the host reads instead of the code."""

from __future__ import annotations

import json
from importlib.resources import files

from text_agents import plugin

from registry_core.authoring.declaration import declare
from registry_core.authoring.manifest import assemble, manifest_text
from registry_core.hooks.relay import ask
from registry_core.schemas.codec import codec_of


class TestManifest:
    def test_the_committed_manifest_is_what_the_code_says(self) -> None:
        """The host reads the file and never the code, so they must not drift apart."""
        offers = ask(plugin, host_version="0.1.0")

        text = manifest_text(
            assemble(agents=offers.agents, capabilities=offers.capabilities, hooks=offers.hooks)
        )

        assert files("text_agents").joinpath("agents.json").read_text("utf-8") == text


class TestExamples:
    def test_every_example_is_true(self) -> None:
        """Readers copy examples before they read anything else."""
        for agent in ask(plugin, host_version="0.1.0").agents:
            declared = declare(agent)
            codecs = {name: codec_of(annotation) for name, annotation in declared.inputs.items()}
            for example in declared.definition.examples:
                inputs = {name: codec.take(example.inputs[name]) for name, codec in codecs.items()}

                output = codec_of(declared.output).dump(agent(**inputs))

                assert json.loads(output) == example.output, declared.definition.name
