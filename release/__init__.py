"""How a release is made: bill of materials, dependency review, reproducible build, signed digests."""
