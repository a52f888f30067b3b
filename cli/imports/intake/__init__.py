"""Import what offices have: a table with a mapping profile, and mails as evidence."""
