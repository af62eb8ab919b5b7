"""How patients are found in the wing's events, one kind a file; each is a `SubjectFinder`, discovered."""
