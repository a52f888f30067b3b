"""The pages of guests, and the page on which an office invites them."""
