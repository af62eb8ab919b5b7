"""FHIR JSON and XML, read and written."""

import pytest

from penstock_healthcare.fhir.errors import InvalidResource
from penstock_healthcare.fhir.formats import read, write_json, write_xml
from penstock_healthcare.fhir.formats.xhtml import faults

OBSERVATION = (
    '{"resourceType":"Observation","id":"o","text":{"status":"generated","div":'
    '"<div xmlns=\\"http://www.w3.org/1999/xhtml\\"><p>1 &lt; 2 <b>x</b></p></div>"},'
    '"contained":[{"resourceType":"Patient","id":"p","active":true}],"status":"final",'
    '"_status":{"id":"s"},"code":{"id":"c","text":"K"},"subject":{"reference":"#p"},'
    '"valueQuantity":{"value":1.00},"referenceRange":[{"low":{"value":3E-2}}],'
    '"component":[{"code":{"coding":[{"code":"a","userSelected":false}]},"valueInteger":7}]}'
)


def test_numbers_keep_their_digits() -> None:
    resource = read(OBSERVATION.encode()).resource
    assert write_json(resource) == OBSERVATION


def test_xml_and_back_is_the_same_resource() -> None:
    resource = read(OBSERVATION.encode()).resource
    assert resource is not None
    text = write_xml(resource)
    assert '<value value="1.00"/>' in text
    assert '<code id="c">' in text
    back = read(text.encode())
    assert (back.resource, back.faults) == (resource, ())


def test_lists_of_values_and_extensions_stay_side_by_side() -> None:
    extension = {"extension": [{"url": "http://example.org/x", "valueString": "v"}]}
    resource = {
        "resourceType": "Patient",
        "name": [{"given": ["a", None, "c"], "_given": [None, extension, None]}],
    }
    back = read(write_xml(resource).encode())
    assert back.resource == resource


def test_xml_is_written_in_the_order_of_the_definitions() -> None:
    text = write_xml({"resourceType": "Patient", "birthDate": "2020", "active": True})
    assert text.index("<active") < text.index("<birthDate")


def test_an_unknown_type_has_no_xml() -> None:
    with pytest.raises(InvalidResource):
        write_xml({"resourceType": "Nothing"})


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("{", "json"),
        ("[]", "json"),
        ('{"a": NaN}', "json"),
        ('{"a": 1e99999}', "json"),
        ('{"a":' * 50_000, "depth"),
        ("", "json"),
        ("<Patient", "xml"),
        ('<!DOCTYPE x [<!ENTITY e "v">]><Patient xmlns="http://hl7.org/fhir"/>', "doctype"),
        ('<Patient xmlns="http://example.org"/>', "namespace"),
        ('<Nothing xmlns="http://hl7.org/fhir"/>', "resource-type"),
        ("<a>" * 5_000, "depth"),
        ('<Patient xmlns="http://hl7.org/fhir"><id value="&nbsp;"/></Patient>', "xml"),
    ],
)
def test_what_holds_no_resource_is_a_fault(text: str, rule: str) -> None:
    found = read(text.encode())
    assert found.resource is None
    assert rule in {each.rule for each in found.faults}


def test_bytes_that_are_no_utf_8_are_a_fault() -> None:
    assert read(b'{"a":"\xff"}').faults[0].rule == "encoding"
    assert read(b'<Patient a="\xff"/>').faults[0].rule == "encoding"


def test_a_member_that_is_there_twice_is_a_fault() -> None:
    found = read(b'{"resourceType":"Patient","id":"a","id":"b"}')
    assert found.resource is not None
    assert [each.rule for each in found.faults] == ["duplicate-member"]


@pytest.mark.parametrize(
    ("inner", "rule"),
    [
        ('<birthDate value="2020"/><active value="true"/>', "xml-order"),
        ('<active value="true" other="x"/>', "xml-attribute"),
        ("text", "xml-text"),
        ('<colour value="red"/>', "unknown-element"),
        ('<active value=""/>', "empty"),
        ('<active xmlns="http://example.org" value="true"/>', "namespace"),
    ],
)
def test_what_xml_must_not_have_is_a_fault(inner: str, rule: str) -> None:
    found = read(f'<Patient xmlns="http://hl7.org/fhir">{inner}</Patient>'.encode())
    assert rule in {each.rule for each in found.faults}


@pytest.mark.parametrize(
    ("inner", "wanted"),
    [
        ("<p>fine &nbsp; <img src='x.png'/></p>", ""),
        (" ", "neither text nor an image"),
        ("<script>x</script>", "element script"),
        ("<p onclick='x'>x</p>", "attribute onclick"),
        ("<p>x", "not well-formed"),
    ],
)
def test_a_narrative_holds_what_it_may(inner: str, wanted: str) -> None:
    found = faults(f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>')
    assert wanted in " ".join(found)
    assert bool(found) == bool(wanted)


def test_comments_and_processing_instructions_are_no_content() -> None:
    found = read(
        b'<?xml-stylesheet href="x"?><Patient xmlns="http://hl7.org/fhir"><?x y?><!-- z --><active value="true"/></Patient>'
    )
    assert (found.resource, found.faults) == ({"resourceType": "Patient", "active": True}, ())


def test_a_narrative_with_a_prefix_stands_by_itself() -> None:
    inner = '<text><status value="generated"/><h:div><h:p xml:lang="de">1 &lt; 2</h:p></h:div></text>'
    text = f'<Patient xmlns="http://hl7.org/fhir" xmlns:h="http://www.w3.org/1999/xhtml">{inner}</Patient>'
    found = read(text.encode())
    assert found.resource is not None
    assert found.faults == ()
    div = found.resource["text"]["div"]
    assert div == '<div xmlns="http://www.w3.org/1999/xhtml"><p xml:lang="de">1 &lt; 2</p></div>'
    assert faults(div) == ()
