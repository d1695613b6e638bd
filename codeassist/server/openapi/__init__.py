"""What the endpoint answers, as an OpenAPI document: one module of fragments per dialect, put together in `document`.

The fields that have no effect, or are refused unless they ask for nothing, come from the tables that the dialects read
bodies with. A test holds the document against the routes that there are, another one the answers against the document.
"""
