"""Answer a claimed job: post a placeholder, read the thread, ask the model, deliver the reply.

Each step leaves a fact in the job before the next one speaks to Slack or OpenAI. A second run, after whatever ended
the first, goes on from there: one placeholder, one answer, one bill. This package knows nothing of HTTP requests, nor
of what started its process.

    answerer    the order of the steps          reply       what the asker sees in Slack
    factory     an answerer for each process    clicks      the buttons that ask for no answer
    attempt     one run at one question         failures    what becomes of a job that went wrong
    prompt      what the model is shown         retry       when a job is tried again
    model_call  what the model writes           options     how the settings want it
    light_job   what needs no model: clicks, limited (questions over a limit), thanks
    aside       what the asker is told privately where Slack takes no reply
    material        which passages of the team's own words the model sees; search_words, sources_line, material_notes
    paid_requests   what a request to the model may cost, and has cost; dead_holds: those whose process has died
    usage_reply, budget_notices, monthly_report   what people are told of the money; report_task: when
    earlier_runs    how earlier runs ended, and what they may have left behind
"""

from cocoai.answer.answerer import Answerer
from cocoai.answer.factory import AnswererFactory
from cocoai.answer.options import AnswerOptions
from cocoai.answer.paid_requests import Books

__all__ = ["AnswerOptions", "Answerer", "AnswererFactory", "Books"]
