"""The HTTP endpoint: Starlette routes, one module per dialect.

app.py          routes, and what every answer has in common
guard.py        who may ask: this machine's own programs, and no web page
connection.py   answers that end when their client leaves
problems.py     errors in OpenAI's shape
openai.py       /v1/models, /v1/completions
own.py          /codeassist/v1/engine, /codeassist/v1/generate: for our own other processes
health.py       /health
listening.py    socket, life cycle, shutdown
"""
