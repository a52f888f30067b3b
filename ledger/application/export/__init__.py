"""Export evidence bundles: contents, a witnessed head, the access entry, and the sequence of the steps."""
