"""The signing page: one file under an origin of its own, where the keys of people are and the desk is not."""
