"""The rehearsal: a Slack and an OpenAI to practise with, honest small doubles on this machine, and a page to talk on.

They play the other side, so they share no code with slack/ and chatgpt/: a double made of its subject proves nothing.
Nothing above imports this room but cli.py and tune/.
"""
