"""What the benchmarks compare with: raw signatures, Git."""
