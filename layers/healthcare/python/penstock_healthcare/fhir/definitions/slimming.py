"""What of each definition is kept: what decides whether a resource is valid, and what a search needs.

Descriptions, mappings, differentials and narratives go; that is nine tenths of the text.
"""

from collections.abc import Iterable, Iterator

from penstock.json import JSON, JSONObject

FHIR_VERSION = "4.0.1"
_STRUCTURE = ("url", "name", "type", "kind", "abstract", "baseDefinition", "derivation", "context", "contextInvariant")
_ELEMENT = ("id", "path", "min", "max", "contentReference", "sliceName", "maxLength", "representation")
_VALUES = ("fixed", "pattern", "minValue", "maxValue")
_CONSTRAINT = ("key", "severity", "human", "expression")
_SEARCH = ("url", "code", "base", "type", "expression", "target", "component", "multipleOr", "multipleAnd", "modifier")
_MAX_VALUE_SET = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet"
_FHIR_TYPE = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"
_EVERYWHERE = "ele-1"
"""Stands on every element of every definition; `validation.structure` holds it by itself."""
_SYSTEM = "http://hl7.org/fhirpath/System."


CONTEXT_ERRATA = {
    "fhir-type": ("ElementDefinition.type",),
    "normative-version": ("Element",),
    "regex": ("ElementDefinition.type",),
}
"""Where R4's own definitions use extensions of its own beyond the contexts that it published; HL7 added these later."""


def structure(resource: JSONObject, elements: str = "snapshot") -> JSONObject:
    """A StructureDefinition as `structures` reads it: its own `elements`, by default those of the snapshot."""
    kept = _only(resource, _STRUCTURE)
    added = CONTEXT_ERRATA.get(str(resource.get("name")), ()) if resource.get("type") == "Extension" else ()
    kept["context"] = [*kept.get("context", ()), *({"type": "element", "expression": each} for each in added)]
    kept["elements"] = [element(each) for each in resource.get(elements, {}).get("element", ())]
    return kept


def element(definition: JSONObject) -> JSONObject:
    """An ElementDefinition."""
    kept = _only(definition, _ELEMENT)
    kept |= {name: value for name, value in definition.items() if name.startswith(_VALUES)}
    if "type" in definition:
        kept["type"] = [_type(each) for each in definition["type"]]
    if "constraint" in definition:
        kept["constraint"] = [
            _only(each, _CONSTRAINT) for each in definition["constraint"] if each.get("key") != _EVERYWHERE
        ]
    if "slicing" in definition:
        kept["slicing"] = _only(definition["slicing"], ("discriminator", "ordered", "rules"))
    if binding := _binding(definition.get("binding", {})):
        kept["binding"] = binding
    return kept


def value_set(resource: JSONObject) -> JSONObject:
    """A ValueSet: its compose, or its expansion where it has only that."""
    kept = _only(resource, ("url", "name"))
    if "compose" in resource:
        compose = resource["compose"]
        kept |= {part: [_include(each) for each in compose[part]] for part in ("include", "exclude") if part in compose}
    elif "expansion" in resource:
        kept["include"] = list(_expanded(resource["expansion"].get("contains", ())))
    return kept


def code_system(resource: JSONObject) -> JSONObject:
    """A CodeSystem, its concepts flat: [code, display, parents, properties]."""
    kept = _only(resource, ("url", "name", "caseSensitive", "content", "valueSet"))
    kept["concepts"] = list(_concepts(resource.get("concept", ()), ()))
    return kept


def search_parameter(resource: JSONObject) -> JSONObject:
    """A SearchParameter."""
    return _only(resource, _SEARCH)


def _only(source: JSONObject, names: Iterable[str]) -> JSONObject:
    return {name: source[name] for name in names if name in source}


def _type(definition: JSONObject) -> JSONObject:
    """A type; `http://hl7.org/fhirpath/System.String` becomes the FHIR type that the extension names."""
    kept = _only(definition, ("code", "profile", "targetProfile"))
    if str(kept.get("code", "")).startswith(_SYSTEM):
        named = (each for each in definition.get("extension", ()) if each.get("url") == _FHIR_TYPE)
        kept["code"] = next((each.get("valueUrl", each.get("valueUri")) for each in named), "string")
    return kept


def _binding(binding: JSONObject) -> JSONObject:
    kept = _only(binding, ("strength", "valueSet"))
    for extension in binding.get("extension", ()):
        if extension.get("url") == _MAX_VALUE_SET:
            kept["maxValueSet"] = extension.get("valueCanonical") or extension.get("valueUri")
    return kept


def _include(include: JSONObject) -> JSONObject:
    kept = _only(include, ("system", "valueSet", "filter"))
    if "concept" in include:
        kept["concept"] = [[each["code"], each.get("display")] for each in include["concept"] if "code" in each]
    return kept


def _expanded(contains: Iterable[JSONObject]) -> Iterator[JSONObject]:
    for each in contains:
        if "code" in each:
            yield {"system": each.get("system"), "concept": [[each["code"], each.get("display")]]}
        yield from _expanded(each.get("contains", ()))


def _concepts(concepts: Iterable[JSONObject], parents: tuple[str, ...]) -> Iterator[list[JSON]]:
    for concept in concepts:
        properties = concept.get("property", ())
        named = [
            str(each["valueCode"]) for each in properties if each.get("code") == "subsumedBy" and "valueCode" in each
        ]
        others = {
            each["code"]: next((each[key] for key in each if key.startswith("value")), None) for each in properties
        }
        yield [concept["code"], concept.get("display"), [*parents, *named], others]
        yield from _concepts(concept.get("concept", ()), (concept["code"],))
