"""Continue a backup behind an earlier one: what a copy has, the entries behind it, and how both are put together."""
