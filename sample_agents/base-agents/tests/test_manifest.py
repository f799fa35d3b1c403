"""What the host reads instead of the code."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.resources import as_file, files

import pytest
from base_agents import plugin

from registry_core.authoring.declaration import declare
from registry_core.schemas.codec import codec_of


class TestManifest:
    def test_the_committed_manifest_is_what_the_code_says(self) -> None:
        """The host reads the file and never the code, so they must not drift apart."""
        with as_file(files("base_agents") / "agents.json") as manifest:
            words = ("manifest", "check", "base_agents.plugin", str(manifest))

            checked = subprocess.run(
                [sys.executable, "-m", "registry_core", *words],
                capture_output=True,
                check=False,
                text=True,
            )

        assert checked.returncode == 0, checked.stderr


class TestExamples:
    @pytest.mark.requirement("R86")
    def test_every_example_is_true(self) -> None:
        """Readers copy examples before they read anything else."""
        for agent in plugin.registry_agents():
            declared = declare(agent)
            codecs = {name: codec_of(annotation) for name, annotation in declared.inputs.items()}
            for example in declared.definition.examples:
                inputs = {name: codecs[name].take(value) for name, value in example.inputs.items()}

                output = codec_of(declared.output).dump(agent(**inputs))

                assert json.loads(output) == example.output, declared.definition.name

    def test_what_cannot_be_taken_back_is_never_tried_twice(self) -> None:
        """A retried delivery is a second delivery."""
        definitions = [declare(agent).definition for agent in plugin.registry_agents()]

        once = {definition.name for definition in definitions if not definition.idempotent}

        assert once == {"deliver", "deliver_outcome"}
