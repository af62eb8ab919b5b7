"""Search: what there is and what happened, found by words, however they are spelt.

A *document* is what one thing is found as: a workflow, a node type, an execution, an error. An *index* holds a tenant's
documents and how far it has followed the tenant's feed. The embedded one is an SQLite file (FTS5); OpenSearch
Serverless takes its place for tenants who outgrow it. What becomes a document is declared in the modules of a
`searchables` folder, the platform's or a wing's.

Errors:

    SearchError
    ├── InvalidQuery     what was asked cannot be: says which part, and why
    ├── QueryTooSlow     it took too long: ask for something narrower
    ├── IndexTooLarge    the tenant has outgrown the embedded index: move it to OpenSearch Serverless
    ├── DamagedIndex     not an index, or one of another layout: an operator must look
    └── IndexContended   rivals were first again and again: try later
"""

from penstock.search.errors import (
    DamagedIndex,
    IndexContended,
    IndexTooLarge,
    InvalidQuery,
    QueryTooSlow,
    SearchError,
)
from penstock.search.model import Batch, Document, Hit, Query, Result, SearchIndex

__all__ = [
    "Batch",
    "DamagedIndex",
    "Document",
    "Hit",
    "IndexContended",
    "IndexTooLarge",
    "InvalidQuery",
    "Query",
    "QueryTooSlow",
    "Result",
    "SearchError",
    "SearchIndex",
]
