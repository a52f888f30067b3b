"""Sentences of what happened, made from the values of entries, in English and in the languages of the catalogues."""
