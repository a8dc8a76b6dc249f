"""The sentences of `cocoai check`, in English and Japanese, with the same keys; words.py puts values into them."""
