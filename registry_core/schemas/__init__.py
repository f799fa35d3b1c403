"""Schemas: is every value of this one a value of that one?

subtype ─► search ─► tableau ─► numbers, strings, arrays, objects     looks for a value
   │          └────► evaluate                                         judges what was found
   └────────► document ─► atoms                                       reads what was written

limits       the door: which documents come in at all
fingerprint  one structure, one name
"""
