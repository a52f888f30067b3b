"""Take in what offices have: tables with one order per row and a mapping profile, and mails as evidence."""
