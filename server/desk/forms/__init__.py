"""Forms made from the vocabulary: a value as a person types it, the controls that show it, and the way back."""
