"""The team's own words: its documents and what was asked before, cut into passages that are found by their words.

document    what is found: a document, its sections, its passages
access      where a document may be shown, by the settings
"""
