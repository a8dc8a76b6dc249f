"""The ledger: what each paid call costs, and what was spent.

money.py writes amounts and reads them. prices.py looks up what a model's tokens cost on a day, in our own table
(prices.json), where the operator's prices win. cost.py does the arithmetic: what a call has cost, and the most that it
can cost.

An amount is a whole number of nano-dollars (10^-9 USD) wherever it is compared or summed. A price is a whole number of
nano-dollars for a million units.
"""
