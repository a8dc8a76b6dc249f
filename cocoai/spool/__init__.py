"""This application's waiting work: the jobs on the disk, and the processes that work on them.

    spool         put, claim, finish and fail a job
    ready         which jobs may be worked on now
    admin         inspect, annotate, retry and sweep jobs
    folders       where the files lie, and how a job is opened and moved
    disk          the file operations
    job, key      one job's file, and its name
    store_error   what all of these raise
    runner        the job processes and the placeholder process
    generation    the number that tells a job process when to leave

Nothing outside this package needs to know that a job is a file. It knows neither Slack's API nor OpenAI.
"""
