"""The tables of an index, and the number of their format."""

# Raise it with every change of the schema, of the terms, of what queries extract, or of what is left out, and say here
# what changed.
#   1  files, skipped, symbols, refs, imports, chunks, vectors; FTS5 over split identifiers
#   2  more secrets are left out; files that were away for a moment are not remembered as gone
#   3  FTS5 keeps where in a chunk a term stands: bm25 reads every chunk anew without it, which takes nine times as long
#   4  types: which types the variables of each file are said to have
#   5  files: why the syntax of one was not read; submodules come in; ignore files in subfolders and more names count
#   6  types: a parameter behind another one that has a type; chunks_tokens: which chunks have a token, and where,
#      without `bm25`
#   7  bases: what classes are derived from; namespaces: which ones files declare; imports: `using` brings a namespace,
#      `export *` a module, what a module gives away under another name, `autoload`
FORMAT = 7

# How the full-text index cuts and stems words.
TOKENIZER = "porter unicode61 tokenchars '_'"

SCHEMA = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE files (
    id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE, blob TEXT NOT NULL, language TEXT NOT NULL,
    size INTEGER NOT NULL, n_lines INTEGER NOT NULL, unparsed TEXT NOT NULL);
CREATE INDEX files_unparsed ON files(path) WHERE unparsed <> '';
CREATE TABLE skipped (path TEXT PRIMARY KEY, blob TEXT NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE symbols (
    id INTEGER PRIMARY KEY, file_id INTEGER NOT NULL REFERENCES files(id) ON DELETE CASCADE, name TEXT NOT NULL,
    kind TEXT NOT NULL, start_line INTEGER NOT NULL, end_line INTEGER NOT NULL, signature TEXT NOT NULL,
    container TEXT NOT NULL, doc TEXT NOT NULL);
CREATE INDEX symbols_name ON symbols(name);
CREATE INDEX symbols_lower ON symbols(lower(name));
CREATE INDEX symbols_file ON symbols(file_id);
CREATE TABLE refs (
    file_id INTEGER NOT NULL REFERENCES files(id) ON DELETE CASCADE, name TEXT NOT NULL, kind TEXT NOT NULL,
    line INTEGER NOT NULL);
CREATE INDEX refs_name ON refs(name);
CREATE INDEX refs_file ON refs(file_id);
CREATE TABLE imports (
    file_id INTEGER NOT NULL REFERENCES files(id) ON DELETE CASCADE, module TEXT NOT NULL, name TEXT NOT NULL,
    alias TEXT NOT NULL, line INTEGER NOT NULL);
CREATE INDEX imports_file ON imports(file_id);
CREATE INDEX imports_global ON imports(file_id) WHERE alias = 'global *';
CREATE TABLE bases (
    file_id INTEGER NOT NULL REFERENCES files(id) ON DELETE CASCADE, heir TEXT NOT NULL, name TEXT NOT NULL,
    scope TEXT NOT NULL, line INTEGER NOT NULL);
CREATE INDEX bases_heir ON bases(heir);
CREATE INDEX bases_file ON bases(file_id);
CREATE TABLE namespaces (
    file_id INTEGER NOT NULL REFERENCES files(id) ON DELETE CASCADE, name TEXT NOT NULL);
CREATE INDEX namespaces_name ON namespaces(name);
CREATE INDEX namespaces_file ON namespaces(file_id);
CREATE TABLE types (
    file_id INTEGER NOT NULL REFERENCES files(id) ON DELETE CASCADE, name TEXT NOT NULL, type TEXT NOT NULL);
CREATE INDEX types_name ON types(name);
CREATE INDEX types_file ON types(file_id);
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY, file_id INTEGER NOT NULL REFERENCES files(id) ON DELETE CASCADE,
    start_line INTEGER NOT NULL, end_line INTEGER NOT NULL, hash TEXT NOT NULL, text TEXT NOT NULL);
CREATE INDEX chunks_file ON chunks(file_id);
CREATE INDEX chunks_hash ON chunks(hash);
CREATE VIRTUAL TABLE chunks_text USING fts5(terms, tokenize = "{TOKENIZER}", detail = full);
CREATE VIRTUAL TABLE chunks_tokens USING fts5vocab(chunks_text, instance);
CREATE TABLE vectors (
    id INTEGER PRIMARY KEY AUTOINCREMENT, embedder TEXT NOT NULL, hash TEXT NOT NULL, vector BLOB NOT NULL,
    UNIQUE (embedder, hash));
"""
