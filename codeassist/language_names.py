"""Names that a language gives to every file: no import and no definition says where they come from."""

from __future__ import annotations

import builtins
import keyword

_JAVASCRIPT = """
Array ArrayBuffer BigInt Boolean Buffer DataView Date Error EvalError Float32Array Float64Array Infinity Int16Array
Int32Array Int8Array Intl JSON Map Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set
String Symbol SyntaxError TypeError URIError Uint16Array Uint32Array Uint8Array WeakMap WeakRef WeakSet abstract alert
any arguments as async await bigint boolean break case catch class clearInterval clearTimeout console const
constructor continue crypto customElements debugger declare decodeURIComponent default delete do document else
encodeURIComponent enum export exports extends false fetch finally for from function get global globalThis history if
implements import in infer instanceof interface isFinite isNaN keyof let localStorage location module namespace
navigator never new null number object of parseFloat parseInt performance private process prototype public
queueMicrotask readonly require requestAnimationFrame return satisfies sessionStorage set setInterval setTimeout
static string structuredClone super switch symbol this throw true try type typeof undefined unique unknown var void
while window with yield AbortController AbortSignal Blob Event EventTarget File FormData Headers HTMLElement Element
Node Request Response TextDecoder TextEncoder URL URLSearchParams WebSocket Worker Partial Required Readonly Record
Pick Omit Exclude Extract NonNullable Parameters ReturnType Awaited InstanceType JSX React
"""

_GO = """
append bool break byte cap case chan clear close comparable complex complex128 complex64 const continue copy default
defer delete else error fallthrough false float32 float64 for func go goto if imag import int int16 int32 int64 int8
interface iota len make map max min new nil package panic print println range real recover return rune select string
struct switch true type uint uint16 uint32 uint64 uint8 uintptr var any
"""

_RUST = """
Arc AsRef Box Clone Copy Debug Default Deref Drop Eq Err Fn FnMut FnOnce From HashMap Hash Into IntoIterator Iterator
None Ok Option Ord PartialEq PartialOrd Rc Result Self Send Sized Some String Sync ToOwned ToString TryFrom TryInto
Vec as assert assert_eq assert_ne async await bool break char const continue crate dbg debug_assert derive dyn else
enum eprintln extern f32 f64 false fn for format i128 i16 i32 i64 i8 if impl in include_str isize iter let loop
macro_rules match matches mod move mut panic print println pub ref return self static str struct super todo trait true
type u128 u16 u32 u64 u8 unimplemented union unreachable unsafe use usize vec where while write writeln cfg test std
core alloc
"""

_NAMES = {
    "python": frozenset(dir(builtins)) | frozenset(keyword.kwlist) | frozenset(keyword.softkwlist) | {"self", "cls"},
    **dict.fromkeys(("javascript", "typescript", "tsx"), frozenset(_JAVASCRIPT.split())),
    "go": frozenset(_GO.split()),
    "rust": frozenset(_RUST.split()),
}


def names_given(language: str) -> frozenset[str] | None:
    """What the language defines for every file; None where that is not known."""
    return _NAMES.get(language)
