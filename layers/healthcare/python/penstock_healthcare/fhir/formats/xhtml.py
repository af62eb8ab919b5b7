"""What a narrative's XHTML may hold (FHIR R4, section 2.4.3)."""

import re
from html.entities import name2codepoint
from xml.parsers import expat

NAMESPACE = "http://www.w3.org/1999/xhtml"
_SEPARATOR = " "
_DEEPEST = 200
_LARGEST = 4_000_000
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_XML_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos"})
_ELEMENT_NAMES = """
p br div h1 h2 h3 h4 h5 h6 a span b em i strong small big tt dfn q var abbr acronym cite blockquote hr address bdo kbd
sub sup ul ol li dl dt dd pre table caption colgroup col thead tr tfoot tbody th td code samp img map area u s strike
"""
_ATTRIBUTE_NAMES = """
title style class id idref lang dir accesskey tabindex span width align valign char charoff abbr axis headers scope
rowspan colspan a.href a.name a.charset a.type a.hreflang a.rel a.rev a.shape a.coords a.target img.src img.border
img.alt img.longdesc img.height img.width img.usemap img.ismap map.name area.shape area.coords area.href area.nohref
area.alt blockquote.cite q.cite table.summary table.border table.frame table.rules table.cellspacing table.height
table.cellpadding table.bgcolor td.nowrap td.bgcolor td.height th.nowrap th.bgcolor th.height tr.bgcolor tr.height
hr.size hr.noshade ol.start ol.type ul.type li.value br.clear pre.space
"""
_ELEMENTS = frozenset(_ELEMENT_NAMES.split())
_ATTRIBUTES = frozenset(_ATTRIBUTE_NAMES.split())
"""Those of every element, and those of one."""
_XML_NAMESPACE = "http://www.w3.org/XML/1998/namespace"


class _Found(Exception):
    pass


class _Reader:
    def __init__(self) -> None:
        self.faults: list[str] = []
        self.depth = 0
        self.has_content = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, tag = name.rpartition(_SEPARATOR)
        if self.depth == 0 and (tag, namespace) != ("div", NAMESPACE):
            self.faults.append("The narrative is not a div in the XHTML namespace.")
        elif namespace != NAMESPACE or tag not in _ELEMENTS:
            self.faults.append(f"The element {tag[:40]} is not allowed in a narrative.")
        self.has_content |= tag == "img"
        for each in attributes:
            space, _, attribute = each.rpartition(_SEPARATOR)
            if space != _XML_NAMESPACE and _ATTRIBUTES.isdisjoint((attribute, f"{tag}.{attribute}")):
                self.faults.append(f"The attribute {attribute[:40]} is not allowed on {tag[:40]} in a narrative.")
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _Found

    def end(self, _: str) -> None:
        self.depth -= 1

    def text(self, text: str) -> None:
        self.has_content |= not text.isspace()

    def doctype(self, *_: object) -> None:
        self.faults.append("A narrative has no document type and no entities.")
        raise _Found


def faults(div: str) -> tuple[str, ...]:
    """All that is wrong with a narrative's div, in sentences."""
    if len(div) > _LARGEST:
        return (f"A narrative has at most {_LARGEST} characters.",)
    reader, parser = _Reader(), expat.ParserCreate("utf-8", _SEPARATOR)
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = reader.text, reader.doctype
    try:
        parser.Parse(without_names(div).encode("utf-8", "surrogatepass"), True)
    except expat.ExpatError as error:
        return (*reader.faults, f"The narrative is not well-formed: {expat.ErrorString(error.code)}.")
    except _Found:
        return (*reader.faults, "The narrative cannot be read to its end.")
    if not reader.has_content:
        reader.faults.append("The narrative has neither text nor an image.")
    return tuple(dict.fromkeys(reader.faults))


def without_names(div: str) -> str:
    """HTML's named characters (`&nbsp;`) as what they stand for; XML knows five of them."""
    return _ENTITY.sub(_character, div)


def _character(match: "re.Match[str]") -> str:
    name = match[1]
    return chr(name2codepoint[name]) if name in name2codepoint and name not in _XML_ENTITIES else match[0]
