"""What the host reads instead of the code."""

from __future__ import annotations

from importlib.resources import files

from middleware_ratelimit import plugin

from registry_core.authoring.manifest import assemble, manifest_text
from registry_core.hooks.relay import ask


class TestManifest:
    def test_the_committed_manifest_is_what_the_code_says(self) -> None:
        """The host reads the file and never the code, so they must not drift apart."""
        offers = ask(plugin, host_version="0.1.0")

        text = manifest_text(assemble(middleware=offers.middleware, hooks=offers.hooks))

        assert files("middleware_ratelimit").joinpath("agents.json").read_text("utf-8") == text
