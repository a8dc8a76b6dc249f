"""Reading documents: each format makes sections of a file. The formats of offices need the extra `cocoai[documents]`.

formats     which reader reads a file
apart       reading in a process of its own, within bounds
"""
