"""The benchmarks: `make bench`. `bench/README.md` says what is measured and how to read it."""
