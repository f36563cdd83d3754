#!/bin/sh
# An answer, word by word as it is written, with nothing but curl. Beside a running server: sh examples/curl/streaming.sh
set -eu
url=${LIVETHREAD_URL:-http://127.0.0.1:8000}

post() { # path, body; -N: show each event when it comes
    curl -sSN "$url/v1$1" -H 'Content-Type: application/json' -H 'Authorization: Bearer any' -d "$2"
}
id() { sed -nE 's/^\{"id":"([^"]*)".*/\1/p'; }
text() { # of a delta, for printf '%b'; quotes and dashes come as \uXXXX, and are shown in ASCII
    sed -E 's/.*"value":"(([^"\\]|\\.)*)".*/\1/; s/\\"|\\u201[cd]/"/g; s/\\u201[89]/'\''/g; s/\\u201[34]/-/g'
}

question='How do I watch a thread live?'
assistant=$(post /assistants '{"model": "builtin/guide", "name": "Guide"}' | id)
thread=$(post /threads "{\"messages\": [{\"role\": \"user\", \"content\": \"$question\"}]}" | id)
path=/threads/${thread:?}/runs body="{\"assistant_id\": \"${assistant:?}\", \"stream\": true}"
printf 'You: %s\n\nGuide: ' "$question"

# Each event is a line with its type, a line with its JSON, one with its id, and an empty one.
post "$path" "$body" | while IFS= read -r line; do
    case $line in
    *'"object":"thread.message.delta"'*) printf '%b' "$(printf '%s\n' "$line" | text)" ;;
    *'"object":"thread.run",'*'"status":"failed"'* | '{"error"'*) printf '\n%s\n' "$line" >&2 && exit 1 ;;
    esac
done

printf '\n\nAnybody can watch this very thread:\n  curl -N %s/v1/threads/%s/events\n' "$url" "$thread"
