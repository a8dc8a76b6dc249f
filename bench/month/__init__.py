"""Month: five people ask for a whole November of working days, and on the first of December the month is reported.

plan.py        who asks what, where and when: a seeded plan of 20 working days, and its two neighbours
words.py       the questions, in Japanese and in English
team.py        an Answerer and a ledger between the practice servers, by a clock that can be turned
audit.py       what must be true afterwards: the ledger and the practice OpenAI's books are equal, and so on
pictures.py    the report, the answer to "usage", and the charts, as people see them
__main__.py    the run: `python -m bench.month --pictures FOLDER`
"""
