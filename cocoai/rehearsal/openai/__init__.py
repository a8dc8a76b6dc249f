"""The practice OpenAI: what it is asked, what it answers, and how it fails."""
