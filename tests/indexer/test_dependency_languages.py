"""Libraries of JavaScript, TypeScript, Go and Rust."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from library_world import library_hits, open_with_libraries, places, write_files

from indexer.index import CodeIndex

MODULES = "node_modules"


@dataclass(frozen=True)
class Case:
    """Files of the workspace, those elsewhere, the text at the cursor, what is found, and a part of the first text."""

    files: dict[str, str]
    path: str
    marked: str
    found: list[tuple[str, str]]
    text: str = ""
    why: str = ""
    elsewhere: dict[str, str] = field(default_factory=dict)


WIRE_TYPES = (
    "export interface Options { host: string; timeout?: number }\n"
    "export declare class Client {\n  constructor(options: Options);\n  private secret: string;\n"
    "  get(url: string): Promise<Answer>;\n}\n"
    "export interface Answer {\n  json(): unknown;\n}\n"
    "export declare function connect(options: Options): Client;\n"
    "declare const fallback: Client;\nexport default fallback;\n"
)
WIRE = {
    f"{MODULES}/wire/package.json": '{"version": "3.1.0", "main": "main.js", "types": "dist/index.d.ts"}',
    f"{MODULES}/wire/dist/index.d.ts": 'export * from "./client.js";\nexport { encode } from "./codec";\n',
    f"{MODULES}/wire/dist/client.d.ts": WIRE_TYPES,
    f"{MODULES}/wire/dist/codec.d.ts": "export declare function encode(text: string, strict?: boolean): Uint8Array;\n",
    f"{MODULES}/wire/main.js": "module.exports = {};\n",
}
CLIENT_TS = f"{'wire/dist/client.d.ts'}"

GO_MOD = "module example.org/shop\n\nrequire github.com/Acme/wire/v2 v2.1.0\n"
GO_WIRE = {
    "mod/github.com/!acme/wire/v2@v2.1.0/client.go": (
        'package wire\n\nimport "github.com/Acme/wire/v2/codec"\n\n// Client talks to a server.\n'
        "type Client struct {\n\tHost string\n\tsecret string\n}\n\n"
        "// Dial connects.\nfunc Dial(host string, options ...Option) (*Client, error) {\n\treturn nil, nil\n}\n"
    ),
    "mod/github.com/!acme/wire/v2@v2.1.0/get.go": (
        "package wire\n\nfunc (c *Client) Get(url string) (*Answer, error) {\n\treturn nil, nil\n}\n\n"
        "type Answer struct {\n\tCode int\n}\n"
    ),
    "mod/github.com/!acme/wire/v2@v2.1.0/get_test.go": "package wire\n\nfunc Get() {}\n",
    "mod/github.com/!acme/wire/v2@v2.1.0/codec/codec.go": (
        "package codec\n\nfunc Encode(text string) []byte { return nil }\n"
    ),
}
GO_FOLDER = "github.com/!acme/wire/v2@v2.1.0"

LOCK = (
    '[[package]]\nname = "app"\nversion = "0.1.0"\ndependencies = ["wire-client"]\n[[package]]\n'
    'name = "wire-client"\nversion = "0.4.2"\nsource = "registry+https://github.com/rust-lang/crates.io-index"\n'
)
CRATE = "cargo/registry/src/index.crates.io-6f17d22bba15001f/wire-client-0.4.2"
RUST_WIRE = {
    f"{CRATE}/Cargo.toml": '[package]\nname = "wire-client"\n',
    f"{CRATE}/src/lib.rs": "mod client;\npub mod codec;\npub use crate::client::{Client, Answer as Reply};\n",
    f"{CRATE}/src/client.rs": (
        "/// Talks to a server.\npub struct Client { host: String }\n\n"
        "impl Client {\n    pub fn new(host: &str) -> Self { todo!() }\n\n"
        "    pub fn get(&self, url: &str) -> Result<Answer, Error> { todo!() }\n}\n\n"
        "pub struct Answer { pub code: u16 }\n"
    ),
    f"{CRATE}/src/codec/mod.rs": "pub use self::deep::encode;\nmod deep;\n",
    f"{CRATE}/src/codec/deep.rs": "pub fn encode(text: &str, strict: bool) -> Vec<u8> { todo!() }\n",
}
CLIENT_RS = "wire-client-0.4.2/src/client.rs"

CASES = {
    "types of package.json": Case(
        WIRE,
        "src/app.ts",
        "import { Client } from 'wire';\n\nconst c = new Client(|\n",
        [("wire/dist/client.d.ts", "Client")],
        "constructor(options: Options)",
        "from wire 3.1.0, used here",
    ),
    "a method of a variable": Case(
        WIRE,
        "src/app.ts",
        "import { Client } from 'wire';\n\nconst c = new Client({});\nc.get(|\n",
        [("wire/dist/client.d.ts", "Client.get"), ("wire/dist/client.d.ts", "Client")],
        "get(url: string): Promise<Answer>",
    ),
    "what a function returns": Case(
        WIRE,
        "src/app.js",
        "import { connect } from 'wire';\n\nconst c = connect({});\nc.get(|\n",
        [
            ("wire/dist/client.d.ts", "Client.get"),
            ("wire/dist/client.d.ts", "Client"),
            ("wire/dist/client.d.ts", "connect"),
        ],
    ),
    "all of a module by a name": Case(
        WIRE,
        "src/app.ts",
        "import * as wire from 'wire';\n\nwire.encode(|\n",
        [("wire/dist/codec.d.ts", "encode")],
        "strict?: boolean",
    ),
    "require": Case(
        WIRE, "app.js", "const { encode } = require('wire');\n\nencode(|\n", [("wire/dist/codec.d.ts", "encode")]
    ),
    "given away under another name": Case(
        {f"{MODULES}/one/index.d.ts": "declare function inner(text: string): number;\nexport { inner as one };\n"},
        "src/a.ts",
        "import { one } from 'one';\n\nconst x = one(|\n",
        [("one/index.d.ts", "one")],
        "declare function one(text: string): number;",
    ),
    "default export": Case(
        {f"{MODULES}/one/index.d.ts": "declare function one(text: string): number;\nexport default one;\n"},
        "app.ts",
        "import one from 'one';\n\none(|\n",
        [("one/index.d.ts", "one")],
    ),
    "export = of a namespace": Case(
        {
            f"{MODULES}/@types/old/index.d.ts": (
                "export = old;\ndeclare function old(): old.App;\n"
                "declare namespace old {\n  interface App {\n    use(path: string): void;\n  }\n"
                "  function json(limit?: number): void;\n}\n"
            ),
            f"{MODULES}/old/package.json": '{"name": "old", "version": "4.0.0", "main": "lib/old"}',
            f"{MODULES}/old/lib/old.js": "module.exports = function old() {};\n",
        },
        "app.ts",
        "import old from 'old';\n\nold.json(|\n",
        [("@types/old/index.d.ts", "old.json"), ("@types/old/index.d.ts", "old")],
    ),
    "scoped package with types apart": Case(
        {
            f"{MODULES}/@acme/tool/index.js": "exports.run = 1;\n",
            f"{MODULES}/@types/acme__tool/index.d.ts": "export function run(job: string): void;\n",
        },
        "app.ts",
        "import { run } from '@acme/tool';\n\nrun(|\n",
        [("@types/acme__tool/index.d.ts", "run")],
    ),
    "exports of package.json": Case(
        {
            f"{MODULES}/modern/package.json": (
                '{"exports": {".": {"import": {"types": "./d/main.d.mts", "default": "./d/main.mjs"}},'
                ' "./part": {"types": "./d/part.d.ts"}}}'
            ),
            f"{MODULES}/modern/d/part.d.ts": "export function piece(size: number): void;\n",
            f"{MODULES}/modern/d/main.d.mts": "export function whole(): void;\n",
        },
        "app.ts",
        "import { whole } from 'modern';\nimport { piece } from 'modern/part';\n\nwhole(); piece(|\n",
        [("modern/d/part.d.ts", "piece"), ("modern/d/main.d.mts", "whole")],
    ),
    "main file without types": Case(
        {
            f"{MODULES}/plain/package.json": '{"version": "1.0.0", "main": "./lib/main"}',
            f"{MODULES}/plain/lib/main.js": "function act(one, two = 2) { return one; }\nmodule.exports = { act };\n",
        },
        "app.js",
        "const plain = require('plain');\n\nplain.act(|\n",
        [("plain/lib/main.js", "act")],
        "function act(one, two = 2) { ... }",
    ),
    "a package of a package": Case(
        {
            f"{MODULES}/outer/index.d.ts": "export { Inner } from 'inner';\n",
            f"{MODULES}/outer/{MODULES}/inner/index.d.ts": "export class Inner {\n  go(): void;\n}\n",
        },
        "app.ts",
        "import { Inner } from 'outer';\n\nnew Inner(|\n",
        [("outer/node_modules/inner/index.d.ts", "Inner")],
    ),
    "a package.json that leads out of its package": Case(
        {
            f"{MODULES}/evil/package.json": '{"types": "../../secret.d.ts", "main": "/etc/passwd"}',
            "secret.d.ts": "export function secret(): void;\n",
        },
        "src/app.ts",
        "import { secret } from 'evil';\n\nsecret(|\n",
        [],
    ),
    "a name that leads out of node_modules": Case(
        {"lib/secret.d.ts": "export function secret(): void;\n", f"{MODULES}/a/index.js": ""},
        "src/app.ts",
        "import { secret } from 'x/../../lib/secret';\n\nsecret(|\n",
        [],
    ),
    "a file of the repository": Case(
        {"lib/own.ts": "export function own() {}\n", **WIRE},
        "src/app.ts",
        "import { own } from '../lib/own';\n\nown(|\n",
        [],
    ),
    "go: a function": Case(
        {"go.mod": GO_MOD},
        "main.go",
        'package main\n\nimport "github.com/Acme/wire/v2"\n\nfunc main() {\n\tc, err := wire.Dial(|\n',
        [(f"{GO_FOLDER}/client.go", "Dial"), (f"{GO_FOLDER}/client.go", "Client")],
        "func Dial(host string, options ...Option) (*Client, error)",
        "from github.com/Acme/wire/v2 v2.1.0, used here",
        GO_WIRE,
    ),
    "go: a method in another file": Case(
        {"go.mod": GO_MOD},
        "main.go",
        'package main\n\nimport "github.com/Acme/wire/v2"\n\nfunc f(c *wire.Client) {\n\tvar d wire.Client\n\td.|\n',
        [(f"{GO_FOLDER}/client.go", "Client")],
        "func (c *Client) Get(url string) (*Answer, error) { ... }",
        "",
        GO_WIRE,
    ),
    "go: another name, a package below": Case(
        {"go.mod": GO_MOD},
        "main.go",
        'package main\n\nimport c "github.com/Acme/wire/v2/codec"\n\nfunc main() {\n\tc.Encode(|\n',
        [(f"{GO_FOLDER}/codec/codec.go", "Encode")],
        "",
        "",
        GO_WIRE,
    ),
    "rust: a struct through the crate": Case(
        {"Cargo.lock": LOCK, "src/lib.rs": "pub fn own() {}\n"},
        "src/main.rs",
        "use wire_client::Client;\n\nfn main() {\n    let c: Client = |\n",
        [(CLIENT_RS, "Client")],
        "pub fn get(&self, url: &str) -> Result<Answer, Error>",
        "from wire-client 0.4.2, used here",
        RUST_WIRE,
    ),
    "rust: a method of what is made": Case(
        {"Cargo.lock": LOCK},
        "src/main.rs",
        'use wire_client::Client;\n\nfn main() {\n    let c = Client::new("x");\n    c.get(|\n',
        [(CLIENT_RS, "Client.get"), (CLIENT_RS, "Client"), (CLIENT_RS, "Client.new")],
        "",
        "",
        RUST_WIRE,
    ),
    "rust: a function of a module": Case(
        {"Cargo.lock": LOCK},
        "src/main.rs",
        "use wire_client::codec;\n\nfn main() {\n    codec::encode(|\n",
        [("wire-client-0.4.2/src/codec/deep.rs", "encode")],
        "pub fn encode(text: &str, strict: bool) -> Vec<u8>",
        "",
        RUST_WIRE,
    ),
    "rust: a name that is given away under another": Case(
        {"Cargo.lock": LOCK},
        "src/main.rs",
        "use wire_client::Reply;\n\nfn main() {\n    let r: Reply = |\n",
        [(CLIENT_RS, "Answer")],
        "",
        "",
        RUST_WIRE,
    ),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[CodeIndex, Path]]:
    """One workspace with the files of all cases, and the folder that holds it."""
    folder = tmp_path_factory.mktemp("world")
    for case in CASES.values():
        write_files(folder / "workspace", case.files)
        write_files(folder, case.elsewhere)
    index = open_with_libraries(folder / "workspace", folder, go=str(folder / "mod"), cargo=str(folder / "cargo"))
    index.refresh()
    yield index, folder
    index.close()


@pytest.mark.parametrize("name", CASES)
def test_libraries_are_found_in_other_languages(world: tuple[CodeIndex, Path], name: str) -> None:
    case = CASES[name]
    hits = library_hits(world[0], case.marked, case.path)
    assert places(hits) == case.found
    if hits:
        assert case.text in hits[0].text
        assert case.why in hits[0].why
        assert "secret" not in hits[0].text


def test_packages_that_are_links_into_a_store_are_found(world: tuple[CodeIndex, Path]) -> None:
    index, folder = world
    modules = folder / "workspace" / "web" / MODULES
    store = "../.pnpm/linked@1/node_modules"
    write_files(modules / "x", {f"{store}/linked/index.d.ts": "export declare function pull(): void;\n"})
    write_files(folder, {"outside/index.d.ts": "export function secret(): void;\n"})
    (modules / "linked").symlink_to(".pnpm/linked@1/node_modules/linked")
    (modules / "outside").symlink_to(folder / "outside")
    (modules / "itself").symlink_to("itself")
    text = "import { pull } from 'linked';\nimport { secret } from 'outside';\nimport { x } from 'itself';\n\n"
    hits = library_hits(index, text + "x(); secret(); pull(|\n", "web/app.ts")
    assert places(hits) == [("linked/index.d.ts", "pull")]
