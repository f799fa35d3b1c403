"""A real installed distribution in a folder of a test's own: metadata, RECORD, files.

What an installer leaves behind, byte for byte, so that a test of discovery needs neither a
network nor a mock.
"""

from __future__ import annotations

import csv
import hashlib
import io
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ["installed_distribution"]


def installed_distribution(
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    files: Mapping[str, str | bytes] | None = None,
    plugins: Mapping[str, str] | None = None,
    manifests: Mapping[str, str] | None = None,
    requires: Iterable[str] = (),
    replacing: Mapping[str, bytes | None] | None = None,
) -> Path:
    r"""Return the metadata folder of a distribution that is now installed in *folder*.

    Args:
        folder: What stands in for site-packages; put it on the path.
        name: Name of the distribution.
        version: Its version.
        files: Content by path relative to *folder*.
        plugins: Modules by plugin name, for the group ``registry_core.plugins``.
        manifests: ``package:file.json`` by plugin name, for ``registry_core.manifests``.
        requires: Its requirements.
        replacing: Content of metadata files by name, in place of what belongs there; None
            leaves the file out.

    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as site:
    ...     metadata = installed_distribution(
    ...         Path(site), "word-agents", files={"word_agents.py": "LOADED = True\n"}
    ...     )
    ...     print(metadata.name, sorted(file.name for file in metadata.iterdir()))
    word_agents-1.0.dist-info ['INSTALLER', 'METADATA', 'RECORD', 'entry_points.txt']
    """
    metadata = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    headers = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    headers += [f"Requires-Dist: {requirement}" for requirement in requires]
    written: dict[str, bytes] = {
        path: text if isinstance(text, bytes) else text.encode()
        for path, text in (files or {}).items()
    }
    described: dict[str, bytes | None] = {
        "METADATA": ("\n".join(headers) + "\n\n").encode(),
        "INSTALLER": b"registry-core\n",
        "entry_points.txt": _entry_points(plugins or {}, manifests or {}),
        **(replacing or {}),
    }
    for file, content in described.items():
        if content is not None:
            written[f"{metadata.name}/{file}"] = content
    if "RECORD" not in described:
        written[f"{metadata.name}/RECORD"] = _record(written, f"{metadata.name}/RECORD")
    metadata.mkdir(parents=True)
    for path, content in written.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return metadata


def _entry_points(plugins: Mapping[str, str], manifests: Mapping[str, str]) -> bytes:
    groups = {"registry_core.plugins": plugins, "registry_core.manifests": manifests}
    lines: list[str] = []
    for group, entries in groups.items():
        if entries:
            lines.append(f"[{group}]")
            lines += [f"{name} = {value}" for name, value in entries.items()]
    return ("\n".join(lines) + "\n").encode()


def _record(files: Mapping[str, bytes], own: str) -> bytes:
    rows = io.StringIO()
    table = csv.writer(rows, lineterminator="\n")
    for path, content in files.items():
        digest = urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        table.writerow((path, f"sha256={digest}", str(len(content))))
    table.writerow((own, "", ""))
    return rows.getvalue().encode()
