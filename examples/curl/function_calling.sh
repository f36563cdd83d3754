#!/bin/sh
# Functions of yours, called by a model: several at once, in several rounds, with nothing but curl.
# Beside a running server: sh examples/curl/function_calling.sh
set -eu
url=${LIVETHREAD_URL:-http://127.0.0.1:8000}

post() { # path, body; -N: show each event when it comes
    curl -sSN "$url/v1$1" -H 'Content-Type: application/json' -H 'Authorization: Bearer any' -d "$2"
}
id() { sed -nE 's/^(data: )?\{"id":"([^"]*)".*/\2/p'; }
text() { # of a delta, for printf '%b'; quotes and dashes come as \uXXXX, and are shown in ASCII
    sed -E 's/.*"value":"(([^"\\]|\\.)*)".*/\1/; s/\\"|\\u201[cd]/"/g; s/\\u201[89]/'\''/g; s/\\u201[34]/-/g'
}
argument() { sed -E 's/.*\\"'"$1"'\\": ?(\\")?([^\\,}]*).*/\2/'; } # arguments are JSON in a string of JSON

run_function() { # name, arguments
    city=$(printf '%s\n' "$2" | argument city)
    case "$1 $city" in
    'get_weather Oslo') echo 'sun, 14 degrees' ;;
    'get_weather Bergen') echo 'rain, 9 degrees' ;;
    'book_cabin '*) echo "cabin 7 in $city, with a stove and $(printf '%s\n' "$2" | argument guests) beds" ;;
    *) echo 'nobody knows' ;;
    esac
}

city='"city": {"type": "string"}' guests='"guests": {"type": "integer"}'
tools='{"type": "function", "function": {"name": "get_weather", "description": "The weather in a city",
    "parameters": {"type": "object", "properties": {'$city'}, "required": ["city"]}}},
  {"type": "function", "function": {"name": "book_cabin", "description": "Books a cabin",
    "parameters": {"type": "object", "properties": {'$city', '$guests'}, "required": ["city", "guests"]}}}'
question='What is the weather in Oslo and in Bergen? Then book a cabin in Bergen for 2 guests.'
assistant=$(post /assistants "{\"model\": \"builtin/tools\", \"name\": \"Toolbox\", \"tools\": [$tools]}" | id)
thread=$(post /threads "{\"messages\": [{\"role\": \"user\", \"content\": \"$question\"}]}" | id)
printf 'You: %s\n' "$question"

exec 3>&1 # what is said goes there; what is caught is the event of a run that waits
path=/threads/${thread:?}/runs body="{\"assistant_id\": \"${assistant:?}\", \"stream\": true}"
while [ -n "$body" ]; do
    waiting=$(post "$path" "$body" | while IFS= read -r line; do
        case $line in
        'event: thread.message.created') printf '\nToolbox: ' >&3 ;;
        *'"object":"thread.message.delta"'*) printf '%b' "$(printf '%s\n' "$line" | text)" >&3 ;;
        'event: thread.message.completed') echo >&3 ;;
        *'"status":"requires_action"'*) printf '%s\n' "$line" ;;
        *'"object":"thread.run",'*'"status":"failed"'* | '{"error"'*) printf '\n%s\n' "$line" >&2 && exit 1 ;;
        esac
    done)
    path=/threads/$thread/runs/$(printf '%s\n' "$waiting" | id)/submit_tool_outputs outputs=
    while read -r id name arguments; do
        [ -n "$id" ] || break
        output=$(run_function "$name" "$arguments")
        printf '  %s(%s) -> %s\n' "$name" "$(printf '%s' "$arguments" | sed 's/\\"/"/g')" "$output"
        outputs="$outputs${outputs:+, }{\"tool_call_id\": \"$id\", \"output\": \"$output\"}"
    done <<CALLS
$(printf '%s\n' "$waiting" | grep -oE '"id":"[^"]*","type":"function","function":\{"name":"[^"]*","arguments":"([^"\\]|\\.)*' |
    sed -E 's/"id":"([^"]*)".*"name":"([^"]*)","arguments":"(.*)/\1 \2 \3/')
CALLS
    body=${outputs:+"{\"tool_outputs\": [$outputs], \"stream\": true}"}
done
