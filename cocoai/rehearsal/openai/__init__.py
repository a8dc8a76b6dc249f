"""The practice OpenAI: a double of OpenAI's API, with the requests it accepts, the answers it gives, and its faults."""
