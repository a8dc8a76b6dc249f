#!/bin/sh
# charset-normalizer 3.5.3: a short line of Shift_JIS or Windows-1252 is decoded as another language's.
#
# One would guess that the library, which comes with requests, tells the encoding of a one-line CSV, or says that it
# does not know: `best()` may return None. It answers with UTF-16 (without a byte order mark) for `name, age` in
# Japanese, and with a Cyrillic code page for a price in euros; the result is wrong text, not an error.
#
# It matters here because people attach lists of a few lines: so the encodings are tried one by one, and the one whose
# text looks like Japanese or a Western language is taken, or none (cocoai/decoding/text_files.py).
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check charset-normalizer==3.5.3

"$folder/venv/bin/python" - <<'END'
from charset_normalizer import from_bytes

for text, encoding in (("氏名,年齢\n", "cp932"), ("A社,B社,C社\n", "cp932"), ("prix: 10 €\n", "cp1252")):
    best = from_bytes(text.encode(encoding)).best()
    print(f"{text.strip()} in {encoding}: {best and (best.encoding, str(best))}")
    assert best is not None, "it says that it does not know"
    assert str(best) != text, "it is read as it was written"
END
echo "as described"
