"""The order as a form: the contents its instrument asks for, filled as far as stated, and whether that is complete.

CETS 224 arts 6 to 10 by the paragraphs of the contents (`ledger.law.rules.order_contents`). Regulation (EU)
2023/1543 after the sections of Annex I and the contents of Annex II, with the later certificates of Annexes
III, V and VI that are on record. The wording is this project's. The official forms are the Annexes, and an
order is served on them. Only the titles of the sections of Annex I were read; their contents, and Annex II, are
[known].
"""
