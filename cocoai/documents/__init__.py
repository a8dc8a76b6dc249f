"""The team's own words: its documents and what was asked before, cut into passages that are found by their words.

document    what is found: a document, its sections, its passages
access      where a document may be shown, by the settings
words       the words by which a text is found
passages    a document's sections, cut into passages
database    the index's file: its tables, how it is opened, when it is thrown away
index       what is put into the index and taken out of it; index_reader tells what it holds
search      the passages that answer a question
source      where documents come from
folder      the documents in a folder of this machine; folder_walk looks through it, readers/ reads them
indexing    a slice of the work that makes the index say what the sources do
index_task  when a slice is due, and the process that does it
"""
