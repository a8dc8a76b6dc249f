"""The ledger: what each paid call may cost before it is made, what it has cost, and what may still be spent.

One SQLite file holds one table of charges, a row for each paid call. There are no running totals: nothing can drift.
Money is whole nano-dollars. This package knows neither Slack nor OpenAI's requests.

    ledger      hold before a call, settle after it, refuse what is over a cap
    database    the file, its tables, and how it is opened: never across a fork
    prices      what the models cost, and since when          cost    what a call costs, and may cost at most
    months      the months of the configured time zone        money   nano-dollars, dollars and yen
    summary     who spent what, on which model, and when      calendar  the days of a zone, for those who read
    reprice     a month at the prices known now               forget    a person is taken out, the sums stay
"""
