"""What people say to CocoAI and to each other: tables, written by somebody who did not write the rules."""
