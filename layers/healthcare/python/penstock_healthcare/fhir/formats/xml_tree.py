"""XML text → elements, with entities, document types and depth refused. Narratives are kept as text."""

from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from penstock_healthcare.fhir.formats.faults import DEEPEST
from penstock_healthcare.fhir.formats.xhtml import NAMESPACE as XHTML

_SEPARATOR = " "
_XML = "http://www.w3.org/XML/1998/namespace"


class NotXml(Exception):
    """`rule` and the sentence."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule, self.message = rule, message


@dataclass(slots=True)
class XmlElement:
    """`raw` is the source of an XHTML div; `has_text` that it holds text of its own."""

    namespace: str
    name: str
    attributes: dict[str, str]
    children: "list[XmlElement]" = field(default_factory=list)
    has_text: bool = False
    raw: str = ""


class _Builder:
    def __init__(self, content: bytes) -> None:
        self.content = content
        self.root: XmlElement | None = None
        self.stack: list[XmlElement] = []
        self.narrative_depth = 0
        self.narrative_start = 0
        self.narrative: list[str] = []
        self.parser = parser = expat.ParserCreate("utf-8", _SEPARATOR)
        parser.StartElementHandler, parser.EndElementHandler = self.start, self.end
        parser.CharacterDataHandler = self.text
        parser.StartDoctypeDeclHandler = self.doctype

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if self.narrative_depth:
            self.narrative_depth += 1
            self.narrative.append(_opening(name, attributes))
            return
        if len(self.stack) >= DEEPEST:
            raise NotXml("depth", f"Nested more than {DEEPEST} deep.")
        namespace, _, local = name.rpartition(_SEPARATOR)
        made = XmlElement(namespace, local, attributes)
        if self.stack:
            self.stack[-1].children.append(made)
        else:
            self.root = made
        self.stack.append(made)
        if namespace == XHTML:
            self.narrative_depth, self.narrative_start = 1, self.parser.CurrentByteIndex
            self.narrative = [_opening(name, {"xmlns": XHTML, **attributes})]

    def end(self, name: str) -> None:
        if self.narrative_depth:
            self.narrative_depth -= 1
            self.narrative.append(f"</{name.rpartition(_SEPARATOR)[2]}>")
            if self.narrative_depth:
                return
            self.stack[-1].raw = self._source() or "".join(self.narrative)
        self.stack.pop()

    def _source(self) -> str:
        """The narrative as it stands; empty when it needs a prefix that was declared elsewhere."""
        end = self.content.find(b">", self.parser.CurrentByteIndex) + 1
        raw = self.content[self.narrative_start : end].decode("utf-8")
        return raw if raw.startswith("<div") and "xmlns=" in raw.partition(">")[0] else ""

    def text(self, text: str) -> None:
        if self.narrative_depth:
            self.narrative.append(escape(text))
        elif self.stack and not text.isspace():
            self.stack[-1].has_text = True

    def doctype(self, *_: object) -> None:
        raise NotXml("doctype", "A resource has no document type and no entities.")


def _opening(name: str, attributes: dict[str, str]) -> str:
    written = "".join(f" {_attribute(key)}={quoteattr(value)}" for key, value in attributes.items())
    return f"<{name.rpartition(_SEPARATOR)[2]}{written}>"


def _attribute(name: str) -> str:
    namespace, _, local = name.rpartition(_SEPARATOR)
    return f"xml:{local}" if namespace == _XML else local


def elements(content: bytes) -> XmlElement:
    """The root. Raises NotXml."""
    builder = _Builder(_as_utf8(content))
    try:
        builder.parser.Parse(builder.content, True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise NotXml("xml", f"Not XML: {reason} in line {error.lineno}, column {error.offset + 1}.") from error
    if builder.root is None:
        raise NotXml("xml", "Not XML: it has no element.")
    return builder.root


def _as_utf8(content: bytes) -> bytes:
    for mark, name in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return content.decode(name, "replace").encode("utf-8")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotXml("encoding", f"Not UTF-8: byte {error.start + 1} cannot be read.") from error
    return content
