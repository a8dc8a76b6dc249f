"""`cocoai documents`: look at the index of the team's documents, search it as a question does, and build it anew.

command     the arguments
view        what all of them need of the settings
listing     list
finding     search
building    reindex
explaining  explain
"""
