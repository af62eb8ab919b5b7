"""healthcare.ehr.search"""

from typing import Annotated, Literal

from pydantic import Field

from penstock.json import JSONObject
from penstock.workflows.node import Call, Emit, Kind, Outcome, node_type
from penstock_healthcare.nodes.ehr_calls import TYPE_NAME, EhrParameters, Servers, servers, told

MOST_RESOURCES = 1_000
_Text = Annotated[str, Field(max_length=2_000)]


class Parameters(EhrParameters):
    """What is searched for."""

    resource_type: str = Field(pattern=TYPE_NAME, description="The type: Observation")
    query: dict[str, _Text | list[_Text]] = Field(
        default_factory=dict,
        max_length=50,
        description="Search parameters by name; several values of one as a list: all of them must be met",
    )
    page_size: int = Field(default=100, ge=1, le=1_000, description="`_count`; less where the vendor gives less")
    max_pages: int = Field(default=20, ge=1, le=100, description="At most this many pages are fetched for an item")
    max_resources: int = Field(
        default=MOST_RESOURCES, ge=1, le=MOST_RESOURCES, description="At most this many are taken, included ones too"
    )
    method: Literal["get", "post"] = Field(
        default="get", description="post: the query is in the body, so that it is in no server's log of URLs"
    )


@node_type("healthcare.ehr.search", kind=Kind.ACTION, parameters=Parameters)
def search_ehr(call: Call[Parameters]) -> Outcome:
    """Search an outside FHIR server, page by page.

    Adds `resources` to the item, what meets the search first and what it includes after, and `search`: how many
    `matches` and `pages` there were, the server's `total` where it tells it, and `is_complete`, which is false when
    there is more than was asked for.
    """
    with servers(call) as known:
        return Emit.main([_searched(known, index, *each) for index, each in enumerate(call.each())])


def _searched(known: Servers, index: int, item: JSONObject, parameters: Parameters) -> JSONObject:
    matches: list[JSONObject] = []
    included: list[JSONObject] = []
    pages, total, has_more, most = 0, None, False, parameters.max_resources
    with told(index):
        client = known.client(parameters.connection)
        found = client.search(
            parameters.resource_type,
            _pairs(parameters),
            count=min(parameters.page_size, most),
            post=parameters.method == "post",
        )
        for page in found:
            pages, total, has_more = pages + 1, page.total if pages == 0 else total, page.has_next
            matches += page.matches
            included += page.included
            if pages == parameters.max_pages or len(matches) + len(included) >= most:
                break
    taken = [*matches, *included][:most]
    is_complete = not has_more and len(taken) == len(matches) + len(included)
    about = {"matches": min(len(matches), most), "pages": pages, "total": total, "is_complete": is_complete}
    return {**item, "resources": taken, "search": about}


def _pairs(parameters: Parameters) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, given in parameters.query.items()
        for value in (given if isinstance(given, list) else [given])
    ]
