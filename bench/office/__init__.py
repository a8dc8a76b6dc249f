"""Office: a day's work on the practice page, in a real Chromium, against the real CocoAI; then the accessibility check.

words.py           what people write and read, in Japanese and in English
visitor.py         a person at the page, and the record of the turns: what had to stand there, and a picture of it
walks.py           the turns, at a desk and on a phone
accessibility.py   axe-core on the page, in light and dark, at both widths, with a thread, a menu and a dialog open
__main__.py        the run: `python -m bench.office --pictures FOLDER`
"""
