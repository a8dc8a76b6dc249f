"""The files, messages and canvases of chosen Slack channels, as documents.

marks       by which workers tell that something has changed
connect     the source's connection to Slack
source      the source: when to look at a channel, what is new, what is gone
listing     what was last seen there
reading     a file's sections
"""
