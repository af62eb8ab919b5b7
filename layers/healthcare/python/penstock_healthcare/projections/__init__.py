"""The wing's read models, one a file; each is a `Projection`, discovered."""
