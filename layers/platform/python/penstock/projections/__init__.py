"""The platform's read models, one a file; each is a `Projection`, discovered."""
