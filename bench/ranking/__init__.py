"""Ranking: questions as people type them in Slack, and which section of a company's documents answers each."""
