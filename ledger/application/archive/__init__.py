"""Write the entries of a log as Parquet files under a manifest that the log states, and verify such an archive."""
