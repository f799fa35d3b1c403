"""``agentreg audit``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from registry_core.cli.options import as_json
from registry_core.cli.rendering import Output

__all__ = ["command"]


@click.command("audit")
@click.option(
    "--lock",
    type=click.Path(path_type=Path),
    help="Write the digests of the plugins that are installed, for --trust locked.",
)
@as_json
@click.pass_context
def command(ctx: click.Context, *, lock: Path | None, as_json: bool) -> None:
    """Verify the files of installed plugins.

    Compares the files of every distribution with its RECORD, finds those that two distributions
    installed, and lists what runs whenever Python starts. Imports nothing. Exits with 1 when
    something has to be mended.
    """
    from registry_core.discovery.auditing import audit

    findings = audit()
    output = Output()
    if as_json:
        output.json(
            [{**asdict(f), "owners": list(f.owners), "wrong": f.is_wrong} for f in findings]
        )
    else:
        for finding in findings:
            owners = ", ".join(finding.owners) or "nobody"
            output.text(f"{finding.kind}: {finding.subject} ({owners})")
            output.text(f"  what   {finding.detail}")
            if finding.fix:
                output.text(f"  type   {finding.fix}")
        wrong = sum(finding.is_wrong for finding in findings)
        output.text(f"{wrong} files have to be mended")
    if lock is not None:
        _write_lock(lock)
        click.echo(f"wrote {lock}", err=True)
    if any(finding.is_wrong for finding in findings):
        ctx.exit(1)


def _write_lock(file: Path) -> None:
    from registry_core.cli.artefacts import write
    from registry_core.discovery.auditing import sealed_plugins
    from registry_core.pipeline.lock import Lock, SealedDistribution, joined, parse_lock

    seals = {
        name: SealedDistribution(seal.version, seal.record)
        for name, seal in sealed_plugins().items()
    }
    # What is locked of pipelines stays, or the file stays as it is and the reason is told.
    old = parse_lock(str(file), file.read_bytes()) if file.exists() else Lock()
    write((file, joined(str(file), old, Lock(distributions=seals)).to_json()))
