"""Talk to OpenAI's chat API, or to a server like it: send a conversation, and read its answer as it is written.

chat.py does this with the help of request.py (the request's JSON), answer_reader.py and deadlines.py (the response),
event_stream.py and stream.py (parsers) and api_error.py. request_recorder.py tells the caller which requests may be
billed, token_ratio.py learns how the API counts tokens.
"""
