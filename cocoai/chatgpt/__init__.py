"""Talk to OpenAI's chat API, or to a server like it: send a conversation, and read its answer as it is written.

chat.py does this. draft.py makes the request, repairs it after a refusal, and has request.py write its JSON.
answer_reader.py and deadlines.py read the response: bytes become events (event_stream.py), these become chunks
(stream_parser.py, chunk.py), and these an answer (stream.py, with thoughts.py and allowance.py).
api_error.py decides about errors, with error_body.py, error_words.py and retry_after.py. request_recorder.py tells the
caller which requests may be billed, token_ratio.py learns how the API counts tokens. picture_tokens.py (with
image_size.py) and pdf_pages.py tell how many tokens an attachment has at most.
"""
