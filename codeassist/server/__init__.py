"""The HTTP endpoint: Starlette routes, one module per dialect.

app.py          routes, and what every answer has in common
service.py      what all dialects ask: each request with its line in the journal
caller.py       who asks, by the request's headers
journal.py      the last requests, without their texts
request_log.py  the one line per request
headers.py      what a response says of the code that was added to its prompt
guard.py        who may ask: this machine's own programs, and no web page
connection.py   answers that end when their client leaves
problems.py     errors in OpenAI's shape
openai.py       /v1/models, /v1/completions
models.py       which models there are, and which answers a request
chat.py         /v1/chat/completions
chat_watch.py   what the journal learns of a chat
own.py          /codeassist/v1/engine, /codeassist/v1/generate: for our own other processes
health.py       /health
listening.py    socket, life cycle, shutdown
"""
