"""The HTTP endpoint: Starlette routes, one module per dialect.

app.py          routes, and what every answer has in common
service.py      what all dialects ask: each request with its line in the journal
caller.py       who asks, by the request's headers
superseding.py  a gap whose client has typed on
rate_limits.py  requests a minute for each client
journal.py      the last requests, without their texts
request_log.py  the one line per request
headers.py      what a response says of the code that was added to its prompt
guard.py        who may ask: programs and no web page; where a key is required, who has one
keys.py         API keys, kept as hashes, read anew when they change
limits.py       bytes and time of a request; the body is there before a route is asked
protocol.py     the same of a connection: heads that do not come, answers that nobody reads
connection.py   answers that end when their client leaves
problems.py     errors, as each dialect tells them
body.py         strict reading of fields; wanted.py: what llama.cpp's and Ollama's dialects ask the service for
ollama.py       /api/generate, /api/show and lists; ollama_request.py, ollama_models.py, ollama_embed.py
watch.py        how long an answer takes, for dialects that tell
models.py       /v1/models
openai.py       /v1/completions
embeddings.py   /v1/embeddings; rerank.py: /v1/rerank; embedder.py: the index's model, in threads
llama.py        /infill, /completion, /props, /slots; llama_request.py, llama_limits.py, llama_answer.py
openapi/        /openapi.json: what each dialect is asked and answers
served_models.py  which models there are, and which answers a request
chat.py         /v1/chat/completions
chat_watch.py   what the journal learns of a chat
own.py          /codeassist/v1/engine, /codeassist/v1/generate: for our own other processes
health.py       /health
hosting.py      from the settings to who else may ask, and how
tls.py          certificate and key
refreshing.py   the index, brought up to date while requests come
listening.py    the life of one server
running.py      uvicorn as we run it: sockets, signals, the end in good order
own_socket.py   the Unix socket of this user's own processes
"""
