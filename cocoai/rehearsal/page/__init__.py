"""The page on which a person practises: what it is made of, and what it asks of the practice Slack."""
