"""CocoAI: a Slack bot that a team runs on its own smallest machine.

The journey of a question, each step a file of this house:

    nginx, engine/fastcgi   the request arrives
    engine/router, webhook  it is read, and judged by slack/events
    engine/spool            a question is put: from here on it cannot be lost
    engine/response         Slack hears 200
    engine/background       a process of its own is forked
    engine/jobs, answer     it claims the question, posts the placeholder, reads the thread
    chatgpt/chat            the model writes
    slack/chat              the reply grows in the thread; the job is finished
"""

__version__ = "0.1.0"
