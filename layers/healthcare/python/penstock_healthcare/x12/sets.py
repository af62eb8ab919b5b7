"""The transaction sets that are known by name: their group's functional identifier, and what each has to have."""

from collections.abc import Mapping

FUNCTIONAL_IDS: Mapping[str, str] = {
    "270": "HS",
    "271": "HB",
    "275": "PI",
    "276": "HR",
    "277": "HN",
    "278": "HI",
    "820": "RA",
    "834": "BE",
    "835": "HP",
    "837": "HC",
    "997": "FA",
    "999": "FA",
}
"""GS-01 by ST-01."""

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "270": ("BHT", "HL", "NM1"),
    "271": ("BHT", "HL", "NM1"),
    "278": ("BHT", "HL", "NM1"),
    "997": ("AK1", "AK9"),
    "999": ("AK1", "AK9"),
}
"""Segments without which a set says nothing."""

NAMES: Mapping[str, str] = {
    "270": "question about coverage",
    "271": "answer about coverage",
    "275": "additional information",
    "276": "question about a claim",
    "277": "answer about a claim",
    "278": "prior authorisation",
    "820": "premium payment",
    "834": "enrolment",
    "835": "payment of claims",
    "837": "claim",
    "997": "acknowledgment",
    "999": "acknowledgment",
}
"""What a set is, in our words."""
