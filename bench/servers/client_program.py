"""Ask the practice OpenAI with OpenAI's own client, and print what it read, as JSON: python client_program.py URL KEY

It runs in a virtual environment of its own, with `openai`, and imports nothing of ours but samples.py.
"""

import base64
import json
import sys

import openai
import samples

URL, KEY = sys.argv[1:3]
MODEL = "gpt-6-luna"
LONG = "The pump in hall 3 was checked and found in order. " * 40
PICTURE, DOCUMENT = (base64.b64encode(each).decode() for each in (samples.png(), samples.pdf()))


def turn(role: str, content: object) -> dict[str, object]:
    return {"role": role, "content": content}


def stream(messages: list[dict[str, object]], key: str = KEY, most: int | None = None) -> str:
    """Return what the client reads of a streamed answer, or the class and the code of the error that it raises.

    After `most` pieces it hangs up.
    """
    client = openai.OpenAI(base_url=URL, api_key=key, max_retries=0)
    text, count, finish, usage = "", 0, "", None
    try:
        with client.chat.completions.create(
            model=MODEL, messages=messages, stream=True, stream_options={"include_usage": True}, store=False
        ) as chunks:
            for chunk in chunks:
                usage = chunk.usage or usage
                for choice in chunk.choices:
                    text += choice.delta.content or ""
                    finish = choice.finish_reason or finish
                    count += bool(choice.delta.content)
                if count == most:
                    return "stopped"
    except openai.APIStatusError as error:
        return f"{type(error).__name__} ({error.code})"
    return "answered" if text and finish and usage else f"{text[:20]}, {finish}, {usage}"


def attached(part: dict[str, object]) -> list[dict[str, object]]:
    return [turn("user", [part, {"type": "text", "text": "What is this?"}])]


question = turn("user", "What is the capital of France?")
thread = [turn("user", LONG), turn("assistant", "In order.")] * 3
print(
    json.dumps(
        {
            "plain": stream([question]),
            "japanese": stream([turn("user", "日本の首都はどこですか？ 🗼")]),
            "discussion": stream([turn("user", "Loud again."), turn("user", "It hums."), question]),
            "long thread": stream([*thread, question]),
            "too long": stream([turn("user", LONG * 5)]),
            "picture": stream(
                attached({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PICTURE}"}})
            ),
            "PDF": stream(
                attached(
                    {
                        "type": "file",
                        "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{DOCUMENT}"},
                    }
                )
            ),
            "stop": stream([turn("user", "Count from 1 to 500, one number a line.")], most=3),
            "wrong key": stream([question], key="sk-wrong"),
        }
    )
)
