"""Whether a schema that a stranger wrote down may be believed and compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_core.errors import Fault
from registry_core.schemas.fingerprint import fingerprint
from registry_core.schemas.limits import check_document

if TYPE_CHECKING:
    from registry_core.definitions.schema import SchemaDefinition

__all__ = ["faults_in_schema"]


def faults_in_schema(schema: SchemaDefinition) -> tuple[Fault, ...]:
    """Return why the documents of *schema* cannot be used, if they cannot.

    Two schemas of one id count as the same without being compared, so an id that is not that
    of its documents would let anything through.
    """
    faults = [
        Fault(f"{side}{fault.path}", fault.message)
        for side, document in (("accepts", schema.accepts), ("emits", schema.emits))
        for fault in check_document(document)
    ]
    if not faults and fingerprint(schema.accepts, schema.emits) != schema.fingerprint:
        faults.append(Fault("fingerprint", "is not that of its documents"))
    return tuple(faults)
