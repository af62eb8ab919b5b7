"""Which parts of an HL7 v2 message identify somebody: by segment and field, else by data type and component.

Everyone in a message counts, also clinicians: they may be relatives or employers, and where they work is where the
patient lives. A part that the standard does not define (Z-segments, surplus fields) may hold anything, and counts.
"""

from collections.abc import Mapping

from penstock_healthcare.phi.identifiers import Identifier

BY_FIELD: Mapping[tuple[str, int], Identifier] = {
    ("MSH", 10): Identifier.OTHER,
    ("MSA", 2): Identifier.OTHER,
    ("BHS", 11): Identifier.OTHER,
    ("BHS", 12): Identifier.OTHER,
    ("FHS", 9): Identifier.OTHER,
    ("FHS", 11): Identifier.OTHER,
    ("FHS", 12): Identifier.OTHER,
    ("PID", 4): Identifier.OTHER,
    ("PID", 12): Identifier.GEOGRAPHY,
    ("PID", 18): Identifier.ACCOUNT,
    ("PID", 19): Identifier.SSN,
    ("PID", 20): Identifier.LICENCE,
    ("PID", 23): Identifier.GEOGRAPHY,
    ("MRG", 3): Identifier.ACCOUNT,
    ("MRG", 5): Identifier.OTHER,
    ("MRG", 6): Identifier.OTHER,
    ("NK1", 10): Identifier.OTHER,
    ("NK1", 12): Identifier.OTHER,
    ("NK1", 13): Identifier.NAME,
    ("NK1", 33): Identifier.OTHER,
    ("NK1", 37): Identifier.SSN,
    ("NK1", 38): Identifier.GEOGRAPHY,
    ("GT1", 2): Identifier.ACCOUNT,
    ("GT1", 12): Identifier.SSN,
    ("GT1", 19): Identifier.OTHER,
    ("GT1", 21): Identifier.NAME,
    ("GT1", 29): Identifier.OTHER,
    ("GT1", 51): Identifier.NAME,
    ("GT1", 56): Identifier.GEOGRAPHY,
    ("IN1", 8): Identifier.HEALTH_PLAN,
    ("IN1", 9): Identifier.NAME,
    ("IN1", 10): Identifier.HEALTH_PLAN,
    ("IN1", 11): Identifier.NAME,
    ("IN1", 14): Identifier.HEALTH_PLAN,
    ("IN1", 28): Identifier.HEALTH_PLAN,
    ("IN1", 36): Identifier.HEALTH_PLAN,
    ("IN1", 49): Identifier.HEALTH_PLAN,
    ("IN1", 52): Identifier.GEOGRAPHY,
    ("IN1", 54): Identifier.HEALTH_PLAN,
    ("IN2", 1): Identifier.OTHER,
    ("IN2", 2): Identifier.SSN,
    ("IN2", 6): Identifier.HEALTH_PLAN,
    ("IN2", 8): Identifier.HEALTH_PLAN,
    ("IN2", 10): Identifier.OTHER,
    ("IN2", 25): Identifier.HEALTH_PLAN,
    ("IN2", 26): Identifier.HEALTH_PLAN,
    ("IN2", 61): Identifier.HEALTH_PLAN,
    ("IN2", 69): Identifier.NAME,
    ("IN2", 70): Identifier.NAME,
    ("IN3", 2): Identifier.HEALTH_PLAN,
    ("IN3", 14): Identifier.NAME,
    ("IN3", 21): Identifier.NAME,
    ("OBX", 18): Identifier.DEVICE,
    ("PRT", 10): Identifier.DEVICE,
    ("PRT", 16): Identifier.DEVICE,
    ("PRT", 19): Identifier.DEVICE,
    ("PRT", 20): Identifier.DEVICE,
    ("PRT", 21): Identifier.DEVICE,
    ("PV1", 5): Identifier.OTHER,
    ("PV1", 19): Identifier.OTHER,
    ("PV1", 50): Identifier.OTHER,
    ("PV1", 54): Identifier.OTHER,
    ("PV2", 5): Identifier.OTHER,
    ("STF", 15): Identifier.EMAIL,
    ("TXA", 16): Identifier.OTHER,
    ("UB2", 12): Identifier.OTHER,
}
"""What the field's values are, or the first component of each, where nothing beside it says more."""

BY_COMPONENT: Mapping[tuple[str, int], Identifier] = {
    **{("XPN", part): Identifier.NAME for part in (1, 2, 3, 4, 14, 15)},
    **{("PN", part): Identifier.NAME for part in (1, 2, 3, 4)},
    **{("XCN", part): Identifier.NAME for part in (2, 3, 4, 5, 21)},
    **{("PPN", part): Identifier.NAME for part in (2, 3, 4, 5, 22)},
    **{("CN", part): Identifier.NAME for part in (2, 3, 4, 5)},
    **{("CNN", part): Identifier.NAME for part in (2, 3, 4, 5)},
    **{(kind, 1): Identifier.LICENCE for kind in ("XCN", "PPN", "CN", "CNN", "DLN", "PLN")},
    **{("XAD", part): Identifier.GEOGRAPHY for part in (1, 2, 3, 5, 8, 9, 10, 19, 20, 23)},
    **{("AD", part): Identifier.GEOGRAPHY for part in (1, 2, 3, 5, 8)},
    **{("XTN", part): Identifier.PHONE for part in (1, 6, 7, 8, 9, 11, 12, 17)},
    ("XTN", 4): Identifier.EMAIL,
    ("TN", 1): Identifier.PHONE,
    ("CX", 1): Identifier.MRN,
    ("CK", 1): Identifier.MRN,
    ("EI", 1): Identifier.OTHER,
    ("ED", 5): Identifier.OTHER,
    ("RP", 1): Identifier.URL,
}
"""Of a component, with all of its subcomponents."""

ZIP_COMPONENTS = frozenset({("XAD", 5), ("AD", 5)})
OPAQUE_COMPONENTS = frozenset({("ED", 5), ("RP", 1)})
"""Documents and pictures that cannot be searched, and where they lie."""

CHECK_DIGITS = frozenset({("CX", 2), ("CK", 2), ("XCN", 11), ("PPN", 11), ("XTN", 5)})
"""Parts that say something of the identifier beside them, and go with it."""

BY_TYPE: Mapping[str, Identifier | None] = {
    **dict.fromkeys(("DT", "DTM", "TS"), Identifier.DATE),
    "TN": Identifier.PHONE,
    **dict.fromkeys(("NM", "SI", "TM"), None),
}
"""Primitive types that need no search; all others are searched as text."""

BY_IDENTIFIER_TYPE: Mapping[str, Identifier] = {
    "MR": Identifier.MRN,
    "PI": Identifier.MRN,
    "PT": Identifier.MRN,
    "SS": Identifier.SSN,
    "AN": Identifier.ACCOUNT,
    "DL": Identifier.LICENCE,
    "PPN": Identifier.LICENCE,
    "NPI": Identifier.LICENCE,
    "DEA": Identifier.LICENCE,
    "MD": Identifier.LICENCE,
    "HC": Identifier.HEALTH_PLAN,
    "MB": Identifier.HEALTH_PLAN,
    "MC": Identifier.HEALTH_PLAN,
    "MA": Identifier.HEALTH_PLAN,
    "MI": Identifier.HEALTH_PLAN,
    "SN": Identifier.HEALTH_PLAN,
    "VN": Identifier.OTHER,
    "VIN": Identifier.VEHICLE,
    "BC": Identifier.ACCOUNT,
}
"""CX-5 by table 0203."""

BY_EQUIPMENT: Mapping[str, Identifier] = {"FX": Identifier.FAX, "INTERNET": Identifier.EMAIL, "X.400": Identifier.EMAIL}
"""XTN-3 by table 0202."""

PICTURES = frozenset({"IM", "IMAGE", "MULTIPART", "JPEG", "JPG", "PNG", "GIF", "TIFF", "DICOM", "BMP"})
"""ED-2 and ED-3, RP-3 and RP-4, that name a picture."""

AGE_CODES = frozenset({"30525-0", "21612-7", "21611-9", "29553-5", "30972-4", "35659-2", "AGE"})
"""OBX-3.1 of an age in years."""
