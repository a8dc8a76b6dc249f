"""The practice OpenAI: the requests it accepts, the answers it gives, and its faults."""
