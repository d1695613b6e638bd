"""The HTTP endpoint: Starlette routes, one module per dialect.

app.py          routes, and what every answer has in common
service.py      what all dialects ask: each request with its line in the journal
caller.py       who asks, by the request's headers
journal.py      the last requests, without their texts
request_log.py  the one line per request
headers.py      what a response says of the code that was added to its prompt
guard.py        who may ask: this machine's own programs, and no web page
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
own.py          /codeassist/v1/engine, /codeassist/v1/generate: for our own other processes
health.py       /health
listening.py    socket, life cycle, shutdown
"""
