"""Back up what CocoAI keeps below `var`, with its settings, while the pool works; and restore it on a stopped one.

contents      what is kept and what is not, and the names in the archive
archive       the archive itself: written and read as a stream, and checked to its end
backup        what `cocoai backup` does
unpack        an archive is checked and unpacked beside what is there
restore       what `cocoai restore` does
command       the arguments of both

docs/durability.md says what is kept, and why the rest is not.
"""
