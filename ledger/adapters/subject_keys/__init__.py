"""Store the keys of data subjects, one for each person and order, so that personal data can be erased."""
