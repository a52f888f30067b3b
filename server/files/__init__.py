"""Keep the files that entries state, encrypted, where an office has configured a store for them."""
