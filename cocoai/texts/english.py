"""The fixed texts in English."""

from __future__ import annotations

from cocoai.texts.texts import Texts

ENGLISH = Texts(
    # the persona's voice
    placeholder="One moment, please…",
    writing="✍️ Writing…",
    help=(
        "Here is how I can help.\n"
        "• Write your question after the mention and I answer in the thread: “@CocoAI suggest three topics for next "
        "week's meeting”."
    ),
    more={
        "follow_ups": "• To go on, just write in the same thread. Where others write too, call me: “CocoAI, …”.",
        "mentions": "• To go on, mention me again in the same thread: I remember what was said there.",
        "commands": "• “continue” reads on where an answer was cut, “reset” starts a new topic, “model” names the "
        "model, “usage” tells what was spent.",
        "files": "• Attach images, PDFs, text, code, canvases or voice clips to your question and I look at them.",
        "deep": "• Begin a question with “{word}:” and {model} answers it.",
        "buttons": "• With the buttons under a reply you can stop it, ask again, delete it (if you asked), or tell me "
        "how it was (👍 👎).",
    },
    started_over="All right: I have put aside what was said so far. We start afresh from here.",
    model="Here you are talking to {model}.",
    thanks="Thank you for telling me!",
    # notices
    cut="(This is where the length limit was reached. To read on, write “continue”.)",
    filtered="(A content filter stopped the answer here. Asked differently, it may go on.)",
    unfinished="(Nothing says that this answer is whole: it may have ended too early. To read on, write “continue”.)",
    stopped="(Stopped here.)",
    thinking="I am still thinking…",
    retry="{why} I try again in {seconds} s (try {n}).",
    empty="All of my allowance went into thinking, and none was left to write. Please ask again in smaller pieces.",
    nothing="The answer came back empty. Please ask again, or ask it differently.",
    refused="I can't answer this one. Asked differently, it may work.",
    late="(Sorry for the wait: something on our side delayed this reply.)",
    left_out="(I have not read “{name}”. {why})",
    left_out_unnamed="(I have not read some of the files. {why})",
    read_partly="(Of “{name}” I have read only a part. {why})",
    nothing_read="There was nothing in this message that I could read. Please write your question as text.",
    only_asker="Only the person who asked can do this.",
    only_participants="Only the person who asked, people who write in this thread, and the operators can stop it.",
    too_many="You have asked a lot in this minute. Please ask again in {seconds} s: I answer then.",
    pending="I am on it already: the answer is on its way.",
    heard="Heard. I do it as soon as the answer has ended.",
    elsewhere="I could not answer where you asked: that channel or thread is archived, or closed to me. "
    "Please ask me elsewhere.",
    why={
        "too_big": "It is too big: please make it smaller, or send it in pieces.",
        "too_many": "There are more files than I read at once: please send them a few at a time.",
        "kind": "I can read images (PNG, JPEG, WebP, GIF), PDFs, text and code.",
        "office": "I cannot read Office files as they are: send it as a PDF and I can read it.",
        "speech": "I cannot listen, and Slack has no transcript of it: please write what is said.",
        "transcribing": "Slack is still writing down what is said: please ask again in a minute.",
        "encoding": "I could not tell its character encoding: please save it as UTF-8 and send it again.",
        "login": "I have no permission to fetch files from Slack. Please tell the person who runs me.",
        "foreign": "It is kept outside Slack: please upload it to Slack itself.",
        "gone": "It is no longer in Slack: please upload it again.",
        "unreadable": "I could not make out what is in it: please try another format.",
        "off": "I am set up not to read files: please paste the part you need as text.",
        "cut": "It is long: I have read its beginning and its end.",
        "damaged": "Some of its characters are broken, and I could not read those.",
        "preview": "I could not fetch it, and have read what Slack's preview shows.",
    },
    waits={
        "": "That did not work.",
        "busy": "OpenAI is busy.",
        "away": "I cannot reach OpenAI.",
        "silent": "OpenAI does not respond.",
    },
    usage={
        "money": "{usd} (about ¥{yen})",
        "rate": "(Before tax, at ¥{rate} a dollar.)",
        "tax": "(Before tax.)",
        "total": "This month the team has spent {spent} of {cap}, which is {percent} %.",
        "asked": "{people} people have asked {questions} questions.",
        "pace": "At this pace it will be {pace} at the end of the month.",
        "saved": "At {seat} a head elsewhere it would be {seats}: that is {saved} saved.",
        "dearer": "At {seat} a head elsewhere it would be {seats}.",
        "estimated": "For {n} of the questions the cost is an estimate.",
        "own": "You have spent {spent} of that, on {questions} questions.",
        "own_cap": "Your own limit is {cap} a month.",
        "people": "By person:",
        "channels": "By channel:",
        "models": "By model:",
        "row": "• {name}: {spent}, {questions} questions",
        "more": "• {n} more",
        "forgotten": "people who were forgotten",
        "report": "What CocoAI has cost in {month}/{year}",
        "reported": "The team has spent {spent} of {cap}, which is {percent} %.",
        "nothing": "Nobody has asked anything.",
        "days": "US dollars, two days in each bar",
        "day": "Day",
        "model": "Model",
        "questions": "Questions",
        "dollars": "US dollars",
        "half": "The team has used {percent} % of this month's budget: {spent} of {cap}.",
        "warn_person": "You have used {percent} % of your share of this month's budget.",
        "warn_channel": "The channel {channel} has used {percent} % of its share of this month's budget.",
        "cost": "(This answer cost {cost}, by {model}.)",
    },
    buttons={
        "stop": "Stop",
        "again": "Ask again",
        "delete": "Delete",
        "up": "👍",
        "down": "👎",
        "delete_title": "Delete the reply",
        "delete_confirm": "Delete this reply? It cannot be brought back.",
        "cancel": "Cancel",
    },
    labels={
        "stop": "Stop writing this answer",
        "again": "Ask again: answer this question anew",
        "delete": "Delete this reply",
        "up": "This helped",
        "down": "This did not help",
    },
    sorry={
        "": "I could not answer this. Please ask again in a little while.",
        "busy": "OpenAI is busy. Please ask again in a while.",
        "operator": "Something here needs the person who runs me, so I could not answer. Please let them know.",
        "context_length_exceeded": "The question is too long for me. Please ask again in smaller pieces.",
        "attempts": "I tried several times and could not answer this. Please ask it differently.",
        "attachment": "I could not answer with what was attached. Please send it in another format, or ask without it.",
        "budget_team": "The team's budget for this month is used up. I answer again from the first day of "
        "{month}/{year}.",
        "budget_person": "Your share of this month's budget is used up. I answer you again from the first day of "
        "{month}/{year}.",
        "budget_channel": "This channel's share of this month's budget is used up. I answer here again from the first "
        "day of {month}/{year}.",
        "budget_off": "I am set up to spend nothing, so I ask no model. Please talk to the person who runs me.",
        "again_gone": "The question is no longer kept, so I could not ask it again. Please write it anew.",
    },
)
