"""What is found by searching, one module each; discovered by `penstock.search.searchable`."""
