"""Show the operator what the answers have cost, from the ledger: `cocoai usage`, and a part of `cocoai status`.

options ── month_money ─┬─ tables    text, with tables by person, channel, model and day
                        └─ export    JSON and CSV
question_cost ── budget_advice    what a question costs by the settings, in the pool's log and below the tables
command     the arguments of `cocoai usage` and `cocoai forget`
forgetting  what `cocoai forget` does
"""

GROUPS = ("person", "channel", "model", "day")
"""By what a month's calls are summed up, in the order of the tables."""
