#!/bin/sh
# pypdf 7.1.1 (PyPI pypdf 7.1.1): of the encodings that PDF defines for Japanese, most are read as UTF-16.
#
# A PDF's font may name one of the CMaps of ISO 32000-2, table 116, and have no table to Unicode. pypdf knows
# `90ms-RKSJ-H` (Shift_JIS with half-width Latin letters), but not `90msp-RKSJ-H`, which is the same with proportional
# ones, nor the other five of Shift_JIS, EUC-JP (`EUC-H`) and JIS X 0208 (`H`). There the two bytes of each character
# are taken for UTF-16: the text that comes back is other kanji and Hangul, plausible to a program, nonsense to people.
# A warning is logged, and nothing raised. Its issue 3799 asks for four of these names, which it has got.
#
# It matters here because such a text would be indexed, found by accident and shown to a model. So the names for
# Shift_JIS are replaced by the one that is known, and a page in the others has no text (cocoai/documents/readers/pdf.py).
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pypdf==7.1.1

cat >try.py <<'END'
"""Write the same two words in each encoding, and print what pypdf reads."""
import io, logging, pypdf

logging.getLogger("pypdf").setLevel(logging.CRITICAL)
FONT = (
    "<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/%s/DescendantFonts[<</Type/Font/Subtype/CIDFontType2/BaseFont/X"
    "/CIDSystemInfo<</Registry(Adobe)/Ordering(Japan1)/Supplement 6>>>>]>>"
)

def pdf(cmap, codes):
    stream = f"BT /F 12 Tf 50 750 Td <{codes.hex()}> Tj ET"
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[4 0 R]/Count 1>>", FONT % cmap,
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<</Font<</F 3 0 R>>>>/Contents 5 0 R>>",
        f"<</Length {len(stream)}>>stream\n{stream}\nendstream",
    ]
    data, offsets = "%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        offsets.append(len(data))
        data += f"{number} 0 obj{each}\nendobj\n"
    start = len(data)
    data += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n" + "".join(f"{at:010} 00000 n \n" for at in offsets)
    return (data + f"trailer<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF").encode()

text = "有休の申請"
jis = text.encode("iso2022_jp")[3:-3]
for cmap, codes in (
    ("90ms-RKSJ-H", text.encode("cp932")), ("90msp-RKSJ-H", text.encode("cp932")),
    ("90pv-RKSJ-H", text.encode("cp932")), ("EUC-H", text.encode("euc_jp")), ("H", jis),
):
    read = pypdf.PdfReader(io.BytesIO(pdf(cmap, codes))).pages[0].extract_text().strip()
    print(f"{cmap:13} {'as written' if read == text else 'read as ' + read}")
END
venv/bin/python try.py
