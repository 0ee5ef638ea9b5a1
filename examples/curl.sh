#!/bin/sh
# One call, whole and streamed, with nothing but curl. `usage.include` asks for the cost on /v1.
set -eu
url=${TURNPIKE_URL:-http://127.0.0.1:8787}
key=${TURNPIKE_API_KEY:?set it to the demo key that the first start printed}

call() {
  curl -sS --fail-with-body "$url/v1/chat/completions" \
    -H "Authorization: Bearer $key" -H "Content-Type: application/json" -d "$1"
  echo
}

call '{"model":"gpt-4o-mini","usage":{"include":true},"messages":[{"role":"user","content":"hi"}]}'
call '{"model":"gpt-4o-mini","stream":true,"usage":{"include":true},"messages":[{"role":"user","content":"hi"}]}'
