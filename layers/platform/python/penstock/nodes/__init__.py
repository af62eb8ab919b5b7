"""The core node types, one a file. What a type is made of is in `penstock.workflows.node`."""
