"""Mutation testing: small changes of the product, each of which at least one test must notice.

`sites` and `page` list the mutants, `probes` and `baseline` say which test reaches which block, `plugin` runs the tests
of each mutant in a private copy of the tree. docs/how-to/test.md says how to use it and how to read a score.

    python -m tests.mutate [--seed N] [--count K] [--keep FILE] [--area AREA]... [--file PATH]...
"""
