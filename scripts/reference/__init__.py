"""The reference pages that are generated from the code: `python -m scripts.reference`.

`pages.PAGES` has a function for each page of `docs/reference` that returns its text. A test
compares the committed pages with it.
"""
