"""What is measured, against which peer, and how to run it: see `benchmarks/README.md`."""
