"""Write entries: place a fact in its order, seal it, encrypt its values, receive sealed entries, store in bulk."""
