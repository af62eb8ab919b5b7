"""Made-up payloads of hospitals, banks, shops and plants; nobody's data is in them."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from penstock.json import JSONObject

Dice = random.Random
T0 = datetime(2026, 1, 1, tzinfo=UTC)

GIVEN = (
    "Anna",
    "Ben",
    "Chidi",
    "Dara",
    "Elif",
    "Femi",
    "Grete",
    "Hana",
    "Ivo",
    "Jun",
    "Kofi",
    "Lena",
    "Mika",
    "Noor",
    "Otis",
    "Priya",
    "Quinn",
    "Rosa",
    "Sven",
    "Tala",
)
FAMILY = (
    "Abe",
    "Berg",
    "Costa",
    "Diaz",
    "Ebert",
    "Falk",
    "Gupta",
    "Haas",
    "Ito",
    "Jansen",
    "Kaya",
    "Lund",
    "Moreau",
    "Novak",
    "Okafor",
    "Petrov",
    "Rossi",
    "Sato",
)
TESTS = (
    ("2951-2", "Sodium [Moles/volume] in Serum or Plasma", "mmol/L", 136, 145),
    ("2823-3", "Potassium [Moles/volume] in Serum or Plasma", "mmol/L", 3.5, 5.1),
    ("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", "mg/dL", 0.6, 1.3),
    ("718-7", "Hemoglobin [Mass/volume] in Blood", "g/dL", 12, 17.5),
    ("6690-2", "Leukocytes [#/volume] in Blood by Automated count", "10*3/uL", 4.5, 11),
    ("2345-7", "Glucose [Mass/volume] in Serum or Plasma", "mg/dL", 70, 99),
    ("1988-5", "C reactive protein [Mass/volume] in Serum or Plasma", "mg/L", 0, 5),
)
CONTACT = ("mail", "phone", "portal", "post")
GOODS = ("valve", "pump", "filter", "gasket", "sensor", "relay", "bearing", "hose", "clamp", "fuse")


def new_id(dice: Dice) -> str:
    """32 hex digits."""
    return f"{dice.getrandbits(128):032x}"


def millis(dice: Dice) -> int:
    """A moment of the year, in milliseconds UTC."""
    return int((T0 + timedelta(milliseconds=dice.randint(0, 10**10))).timestamp() * 1000)


def timestamp(dice: Dice) -> str:
    """A moment of the year, RFC 3339."""
    return (T0 + timedelta(seconds=dice.randint(0, 3 * 10**7))).strftime("%Y-%m-%dT%H:%M:%SZ")


def headers(dice: Dice) -> JSONObject:
    """What a web client sends along."""
    return {
        "content-type": "application/json",
        "accept": "*/*",
        "user-agent": f"client/{dice.randint(1, 9)}.{dice.randint(0, 20)}",
        "x-forwarded-for": ".".join(str(dice.randint(1, 254)) for _ in range(4)),
    }


def patient(dice: Dice) -> JSONObject:
    """A FHIR R4 Patient."""
    name = {"use": "official", "family": dice.choice(FAMILY), "given": [dice.choice(GIVEN)]}
    return {
        "resourceType": "Patient",
        "id": new_id(dice)[:16],
        "identifier": [{"type": {"coding": [{"code": "MR"}]}, "value": f"MRN{dice.randint(10**6, 10**7)}"}],
        "name": [name],
        "gender": dice.choice(["female", "male", "other", "unknown"]),
        "birthDate": f"{dice.randint(1930, 2020)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}",
    }


def observation(dice: Dice, patient: JSONObject) -> JSONObject:
    """A FHIR R4 Observation of the patient."""
    code, display, unit, low, high = dice.choice(TESTS)
    interpretation = dice.choice(["N", "N", "H", "L", "HH"])
    return {
        "resourceType": "Observation",
        "id": new_id(dice)[:16],
        "status": "final",
        "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": code, "display": display}]},
        "subject": {"reference": f"Patient/{patient['id']}"},
        "effectiveDateTime": timestamp(dice),
        "valueQuantity": {
            "value": round(dice.uniform(float(low) * 0.8, float(high) * 1.3), 2),
            "unit": unit,
            "system": "http://unitsofmeasure.org",
            "code": unit,
        },
        "interpretation": [{"coding": [{"code": interpretation}]}],
        "referenceRange": [{"low": {"value": low, "unit": unit}, "high": {"value": high, "unit": unit}}],
    }


def oru(dice: Dice, patient: JSONObject) -> str:
    """An HL7 v2.5.1 ORU^R01 of the patient."""
    stamp = timestamp(dice).translate(str.maketrans("", "", "-:TZ"))
    name, birth = patient["name"][0], patient["birthDate"].replace("-", "")
    number = patient["identifier"][0]["value"]
    lines = [
        f"MSH|^~\\&|LIS|LAB|PENSTOCK|INTEGRATION|{stamp}||ORU^R01^ORU_R01|{new_id(dice)[:14].upper()}|P|2.5.1",
        f"PID|1||{number}^^^HOSPITAL^MR||{name['family']}^{name['given'][0]}^^^^^L||{birth}|{dice.choice('FM')}",
        f"PV1|1|I|W{dice.randint(1, 9)}^{dice.randint(1, 40)}^1|||||||||||||||||V{dice.randint(10**6, 10**7)}",
        f"OBR|1|{dice.randint(10**6, 10**7)}|{dice.randint(10**6, 10**7)}|24326-1^Electrolytes panel^LN|||{stamp}",
    ]
    for place in range(1, dice.randint(2, 7)):
        code, display, unit, low, high = dice.choice(TESTS)
        value = round(dice.uniform(float(low) * 0.8, float(high) * 1.3), 1)
        lines.append(f"OBX|{place}|NM|{code}^{display}^LN||{value}|{unit}^{unit}^UCUM|{low}-{high}|N|||F|||{stamp}")
    return "\r".join(lines) + "\r"


def order(dice: Dice) -> JSONObject:
    """A web shop's order."""
    person = dice.choice(GIVEN), dice.choice(FAMILY)
    return {
        "id": new_id(dice)[:12],
        "customer": {
            "name": " ".join(person),
            "email": f"{'.'.join(person).lower()}@example.org",
            "contact": dice.choice(CONTACT),
        },
        "createdAt": timestamp(dice),
        "lines": [
            {
                "sku": f"{dice.choice(GOODS)}-{dice.randint(100, 999)}",
                "quantity": dice.randint(1, 40),
                "price": round(dice.uniform(1, 900), 2),
            }
            for _ in range(dice.randint(1, 8))
        ],
        "notes": dice.choice([None, "leave at the gate", "call before delivery"]),
    }


def payment(dice: Dice) -> JSONObject:
    """A credit transfer in the words of ISO 20022 pain.001."""
    return {
        "EndToEndId": f"E2E-{new_id(dice)[:16].upper()}",
        "InstdAmt": {"Ccy": dice.choice(["EUR", "EUR", "USD", "CHF"]), "value": f"{dice.uniform(1, 90000):.2f}"},
        "Cdtr": {"Nm": f"{dice.choice(GIVEN)} {dice.choice(FAMILY)}", "PstlAdr": {"Ctry": dice.choice(["DE", "FR"])}},
        "CdtrAcct": {"Id": {"IBAN": f"{dice.choice(['DE', 'FR', 'NL'])}{dice.randint(10**19, 10**20)}"}},
        "CdtrAgt": {"FinInstnId": {"BICFI": "".join(dice.choices("ABCDEFGHIJKLM", k=6)) + "XX"}},
        "RmtInf": {"Ustrd": [f"Invoice {dice.randint(1000, 99999)}"]},
    }


def definition(dice: Dice) -> JSONObject:
    """A workflow document."""
    types = ("core.set", "core.if", "core.switch", "core.filter", "core.http.request", "core.merge", "core.wait")
    names = [f"{dice.choice(GOODS)} {place}" for place in range(dice.randint(3, 12))]
    nodes = [
        {
            "name": name,
            "type": dice.choice(types),
            "parameters": {"fields": {dice.choice(GOODS): "{{ $json." + dice.choice(GOODS) + " }}"}},
            "on_error": "stop",
            "position": [dice.randint(0, 2000), dice.randint(0, 900)],
        }
        for name in names
    ]
    return {
        "name": f"{dice.choice(GOODS)} of {dice.choice(FAMILY)}",
        "description": "",
        "nodes": nodes,
        "connections": [{"from": a, "to": b, "output": "out"} for a, b in pairwise(names)],
        "settings": {"timeout_seconds": 3600, "concurrency": None, "error_workflow": None, "variables": {}},
    }
