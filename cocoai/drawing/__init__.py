"""Draw what each day of a month has cost, beside the pace at which the month's cap would be spent evenly.

    day_chart ─┬─ svg_chart                      for a page
               └─ png_chart ── canvas ── digits   for a file or a message

Neither needs a library, and neither knows where the figures come from.
"""
