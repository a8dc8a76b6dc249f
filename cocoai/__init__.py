"""CocoAI: a Slack bot that a team runs on its own smallest machine.

The way of a question through the files, which docs/journey.md follows step by step:

    nginx, engine/web       the request arrives, and the router finds its handler
    webhook, slack/inbound  the handler has the event checked: is it a question?
    spool/spool             the question is put: from here on it cannot be lost
    engine/web              Slack gets its 200
    spool/runner            a job process is forked, and claims the question
    answer/answerer         it posts the placeholder, and builds the prompt from the thread
    chatgpt/chat            the model writes
    slack/api               the reply grows in the thread; the job is finished
"""

__version__ = "0.1.0"
