"""The signing page: one file under a separate origin, where the keys of people are and the desk is not."""
