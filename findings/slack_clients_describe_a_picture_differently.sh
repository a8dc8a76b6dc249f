#!/bin/sh
# slack_sdk 3.48.0 (PyPI) and @slack/web-api 8.2.0 (npm): Slack's two own clients name a picture's description differently.
#
# One would guess `alt_text`, as in the blocks of Block Kit, and that one name serves wherever a file is uploaded. It is
# the name in the Node client's types, and what that client sends to files.getUploadURLExternal. The Python client knows
# `alt_txt` alone. Each drops the other's name without a word, and a file that Slack returns has `alt_txt`.
#
# It matters here because Slack passes over arguments that it does not know: under the wrong name a drawn picture has no
# description, and only who reads by ear notices. Slack's page of the method says `alt_txt`, so that is what CocoAI sends.
set -eu

folder=$(mktemp -d)
cd "$folder"
touch pids
trap 'xargs -r kill <pids 2>/dev/null || true; sleep 1; rm -rf "$folder"' EXIT

cat >slack.py <<'END'
"""A Slack on 127.0.0.1:$1 that takes uploads, and writes the names of what is said of a file to the file `said`."""
import json, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl

PORT = int(sys.argv[1])

class Slack(BaseHTTPRequestHandler):
    def log_message(self, *_): ...
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        reply = {"ok": True, "files": [{"id": "F0PICTURE"}]}
        if self.path.endswith("files.getUploadURLExternal"):
            names = sorted(name for name, _ in parse_qsl(body.decode()) if name != "token")
            open("said", "w").write(" ".join(names))
            reply |= {"file_id": "F0PICTURE", "upload_url": f"http://127.0.0.1:{PORT}/upload"}
        data = json.dumps(reply).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
    do_GET = do_POST

HTTPServer(("127.0.0.1", PORT), Slack).serve_forever()
END

cat >upload.py <<'END'
import sys
from slack_sdk import WebClient
client = WebClient("xoxb-practice", base_url=f"http://127.0.0.1:{sys.argv[1]}/api/")
client.files_upload_v2(content=b"picture", filename="cat.png", **{sys.argv[2]: "A cat."})
END

cat >upload.mjs <<'END'
import { WebClient } from "@slack/web-api";
const client = new WebClient("xoxb-practice", { slackApiUrl: `http://127.0.0.1:${process.argv[2]}/api/` });
await client.files.uploadV2({ file: Buffer.from("picture"), filename: "cat.png", [process.argv[3]]: "A cat." });
END

expect() { # what, expected, seen
    echo "$1: $3"
    [ "$2" = "$3" ] || { echo "expected: $2" >&2; exit 1; }
}

python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check slack_sdk==3.48.0
npm install --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error @slack/web-api@8.2.0 >/dev/null
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
python3 slack.py "$port" &
echo $! >>pids
for _ in $(seq 100); do
    if curl -s -o /dev/null -d '' "http://127.0.0.1:$port/"; then break; fi
    sleep 0.2
done

venv/bin/python upload.py "$port" alt_txt
expect "Python, alt_txt" "alt_txt filename length" "$(cat said)"
venv/bin/python upload.py "$port" alt_text
expect "Python, alt_text" "filename length" "$(cat said)"
node upload.mjs "$port" alt_text
expect "Node, alt_text" "alt_text filename length" "$(cat said)"
node upload.mjs "$port" alt_txt
expect "Node, alt_txt" "filename length" "$(cat said)"
expect "Node's types" "alt_text" "$(grep -o 'alt_te\?xt' node_modules/@slack/web-api/dist/types/request/files.d.ts | sort -u | tr '\n' ' ' | sed 's/ $//')"
