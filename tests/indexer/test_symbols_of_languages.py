"""What the queries of each language find in a small sample."""

from __future__ import annotations

import pytest

from indexer.languages import LANGUAGES, language_of
from indexer.parsing import parse
from indexer.symbols import FileSymbols, extract

PYTHON = '''import os, numpy as np
import a.b.c
from . import sibling
from ..pkg.mod import Foo, bar as baz
from x import *
LIMIT = 10
@dataclass
class Point(Base):
    """A point."""
    x: int = 1
    def __init__(self, a: Foo):
        self.a = a
    @property
    def size(self) -> int:
        return np.zeros(self.a)
def top(a: Foo) -> int:
    def inner(): pass
    return other(a)
'''
TYPESCRIPT = """import def, { Helper as H, type Other } from "./lib/helper";
import * as ns from '../ns';
export { a } from "./reexport";
export interface Shape<T> extends Base { x: number; area(a: T): number; }
export type Name = string | number;
export enum Color { Red, Green }
export abstract class Point extends Base implements Shape<number> {
  private x: number = 1;
  constructor(private readonly y: number) { super(); }
  dist(o: Point): number { return H.go(o.x) + new Other(); }
}
export function top(a: number): number { return other(a); }
export const LIMIT = 10;
const arrow = async (a: number) => { return a; };
"""
JAVASCRIPT = """const fs = require("fs");
const { join } = require("./paths");
import React from "react";
export class Point extends Base { #x = 1; dist(o) { return o.go(other(1)); } }
export const arrow = (a) => a;
function top() {}
const LIMIT = 3;
"""
GO = """package app
import "fmt"
import (
  h "github.com/acme/helper"
)
type Point struct {
  X int
}
type Shape interface { Area(a int) float64 }
type ID int
const Limit = 10
func (p *Point) Dist(o Point) float64 { return h.Go(o.X) }
func Top[T any](a int) error { return other(a) }
"""
RUST = """use std::collections::HashMap;
use crate::util::{helper::Helper, other as o};
mod sub;
/// A point.
pub struct Point<T> { pub x: i32, y: T }
pub trait Shape { fn area(&self) -> f64; }
impl<T> Shape for Point<T> { fn area(&self) -> f64 { Helper::go(self.x) } }
pub const LIMIT: i32 = 10;
pub fn top(a: i32) -> i32 { other(a) }
"""
JAVA = """package com.acme.app;
import com.acme.util.Helper;
import static com.acme.util.Other.go;
import com.acme.all.*;
/** A point. */
public class Point extends Base implements Shape {
  private static final int K = 1;
  public Point(int x) { this.x = x; }
  double dist(Point o) { return Helper.go(o.x); }
}
interface Shape { double area(); }
enum Color { RED, GREEN }
"""
C = """#include <stdio.h>
#include "lib/helper.h"
#define LIMIT 10
/* A point. */
struct point { int x; int y; };
typedef struct { int a; } S;
enum color { RED, GREEN };
static int *top(struct point *p, int a) { return other(a); }
int proto(int a);
"""
CPP = """#include "lib/helper.h"
namespace acme {
class Point : public Base {
public:
  int x;
  double dist(const Point& o) const { return helper::go(o.x); }
};
template <typename T> T top(T a) { return other(a); }
int S::f() { return 1; }
}
"""
C_SHARP = """using System.Text;
using Alias = Acme.Util.Helper;
namespace Acme.App {
  public class Point : Base {
    public int Size { get; set; }
    public double Dist(Point o) { return Helper.Go(o.x); }
  }
  interface IShape { double Area(); }
  enum Color { Red, Green }
}
"""
RUBY = """require "json"
require_relative "../lib/helper"
module Acme
  LIMIT = 10
  class Point < Base
    attr_reader :x
    def initialize(x)
      @x = x
    end
    def dist(o) = Helper.go(o)
  end
end
"""
PHP = """<?php
namespace App\\Models;
use App\\Util\\Helper;
use App\\Util\\{Other as O, Third};
class Point extends Base implements Shape {
    private int $x = 0;
    public function dist(Point $o): float { return Helper::go($o->x); }
}
function top(int $a): int { return other($a); }
"""
KOTLIN = """package com.acme.app
import com.acme.util.Helper
import x.Y as Z
data class Point(val x: Int) : Base() {
    val size: Int = 3
    fun dist(o: Point): Double { return Helper.go(x) }
}
interface Shape {
    fun area(): Double
}
fun top(a: Int): Int = other(a)
"""
SWIFT = """import Foundation
public class Point: Base {
    let x: Int
    init(x: Int) { self.x = x }
    func dist(to o: Point) -> Double { return helper.go(o.x) }
}
protocol Shape { func area() -> Double }
extension Point { func extra() {} }
func top(a: Int) -> Int { return other(a) }
"""
SCALA = """package com.acme
import com.acme.util.{Helper, Other => O}
import foo._
class Point(val x: Int) extends Base {
  val size: Int = 3
  def dist(o: Point): Double = Helper.go(o.x)
}
trait Shape { def area(): Double }
object Main { def main(args: Array[String]): Unit = println(1) }
"""
LUA = """local json = require("json.core")
local M = {}
function M.new(x) return setmetatable({x=x}, M) end
function M:dist(o) return helper.go(self.x) end
local function top(a) return other(a) end
M.run = function(a) return a end
"""
BASH = """#!/bin/bash
source ./lib.sh
LIMIT=10
top() { other "$1"; }
function go { echo hi; }
"""
ELIXIR = """defmodule Acme.Point do
  alias Acme.Helper
  def dist(a, b) do
    Helper.go(a)
  end
end
"""
ZIG = """const LIMIT = 10;
pub fn top(a: i32) i32 { return other(a); }
"""

# file name, source, definitions (kind container.name), some references, imports (module|name|alias)
CASES = {
    "python": (
        "m.py", PYTHON,
        "constant LIMIT, class Point, field Point.x, method Point.__init__, method Point.size, function top",
        "Base Foo zeros other dataclass",
        "os||os, numpy||np, a.b.c||a, .|sibling|sibling, ..pkg.mod|Foo|Foo, ..pkg.mod|bar|baz, x|*|*",
    ),
    "typescript": (
        "m.ts", TYPESCRIPT,
        "class Shape, field Shape.x, method Shape.area, type Name, class Color, class Point, field Point.x,"
        " method Point.constructor, method Point.dist, function top, constant LIMIT, function arrow",
        "Base Shape go Other other",
        "./lib/helper|default|def, ./lib/helper|Helper|H, ./lib/helper|Other|Other, ../ns||ns, ./reexport|a|a",
    ),
    "tsx": (
        "m.tsx", "import { A } from './a';\nexport function App(p: Props) { return <A x={go(1)} />; }\n",
        "function App", "Props go", "./a|A|A",
    ),
    "javascript": (
        "m.js", JAVASCRIPT,
        "constant fs, class Point, field Point.#x, method Point.dist, function arrow, function top, constant LIMIT",
        "Base go other", "fs||fs, ./paths|join|join, react|default|React",
    ),
    "go": (
        "m.go", GO,
        "class Point, field Point.X, class Shape, method Shape.Area, type ID, constant Limit, method Point.Dist,"
        " function Top",
        "Point Go other", "fmt||fmt, github.com/acme/helper||h",
    ),
    "rust": (
        "m.rs", RUST,
        "class Point, field Point.x, field Point.y, class Shape, method Shape.area, method Point.area, constant LIMIT,"
        " function top",
        "Shape go other",
        "std::collections|HashMap|HashMap, crate::util::helper|Helper|Helper, crate::util|other|o, self::sub||sub",
    ),
    "java": (
        "M.java", JAVA,
        "class Point, field Point.K, method Point.Point, method Point.dist, class Shape, method Shape.area,"
        " class Color",
        "Base Shape go",
        "com.acme.util|Helper|Helper, com.acme.util.Other|go|go, com.acme.all|*|*",
    ),
    "c": (
        "m.c", C,
        "constant LIMIT, class point, field point.x, field point.y, class S, field S.a, class color, function top,"
        " function proto",
        "point other", "stdio.h||h, lib/helper.h||h",
    ),
    "cpp": (
        "m.cpp", CPP,
        "class acme.Point, field acme.Point.x, method acme.Point.dist, function acme.top, method S.f",
        "Base go other", "lib/helper.h||h",
    ),
    "c_sharp": (
        "m.cs", C_SHARP,
        "class Point, field Point.Size, method Point.Dist, class IShape, method IShape.Area, class Color",
        "Base Point Go", "System.Text|*|*, Acme.Util|Helper|Alias",
    ),
    "ruby": (
        "m.rb", RUBY,
        "module Acme, constant Acme.LIMIT, class Acme.Point, field Acme.Point.x, method Acme.Point.initialize,"
        " method Acme.Point.dist",
        "Base Helper go", "json||json, ../lib/helper||helper",
    ),
    "php": (
        "m.php", PHP, "class Point, field Point.x, method Point.dist, function top",
        "Base Shape Helper go other Point",
        "App\\Util|Helper|Helper, App\\Util|Other|O, App\\Util|Third|Third",
    ),
    "kotlin": (
        "m.kt", KOTLIN,
        "class Point, field Point.size, method Point.dist, class Shape, method Shape.area, function top",
        "Base Point go other", "com.acme.util|Helper|Helper, x|Y|Z",
    ),
    "swift": (
        "m.swift", SWIFT,
        "class Point, field Point.x, method Point.init, method Point.dist, class Shape, method Shape.area,"
        " method Point.extra, function top",
        "Base Point go other", "Foundation||Foundation",
    ),
    "scala": (
        "m.scala", SCALA,
        "class Point, field Point.size, method Point.dist, class Shape, method Shape.area, class Main,"
        " method Main.main",
        "Base Point go println", "com.acme.util|Helper|Helper, com.acme.util|Other|O, foo|*|*",
    ),
    "lua": (
        "m.lua", LUA,
        "constant json, constant M, function M.new, method M.dist, function top, function M.run",
        "setmetatable go other", "json.core||json",
    ),
    "bash": ("m.sh", BASH, "constant LIMIT, function top, function go", "other echo", "./lib.sh||sh"),
    "elixir": ("m.ex", ELIXIR, "class Acme.Point, method Acme.Point.dist", "go", "Acme.Helper||Helper"),
    "zig": ("m.zig", ZIG, "constant LIMIT, function top", "other", ""),
}  # fmt: skip


def read(path: str, source: str) -> FileSymbols:
    language = language_of(path)
    assert language is not None
    parsed = parse(language, source)
    assert parsed is not None, f"the grammar of {language.name} does not load"
    return extract(parsed, path)


def items(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


@pytest.mark.parametrize("name", CASES)
def test_queries_find_definitions_references_and_imports(name: str) -> None:
    path, source, definitions, references, imports = CASES[name]
    language = language_of(path)
    assert language is not None
    assert language.name == name

    found = read(path, source)

    named = [f"{s.kind} {s.container}.{s.name}" if s.container else f"{s.kind} {s.name}" for s in found.symbols]
    assert named == items(definitions)
    assert set(references.split()) <= {reference.name for reference in found.references}
    assert sorted(f"{i.module}|{i.name}|{i.alias}" for i in found.imports) == sorted(items(imports))


def test_every_language_has_a_sample() -> None:
    assert set(CASES) == {language.name for language in LANGUAGES}


# Texts on which grammars were seen to hang or crash; a hang here ends in the test's time limit.
HOSTILE = [
    "",
    "x",
    "x = 1\n",
    "def f(:...",
    "{{{{((((",
    "\0\x01",
    "\ufeffclass",
    "class A {\n" * 50,
    "'" * 999,
    "/*",
    "\r\r",
]


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
@pytest.mark.timeout(60)
def test_every_grammar_survives_broken_text(language: object) -> None:
    for text in HOSTILE:
        parsed = parse(language, text)  # type: ignore[arg-type]
        assert parsed is not None
        extract(parsed, "m")


@pytest.mark.parametrize("name", CASES)
def test_half_a_file_still_gives_what_stands_in_it(name: str) -> None:
    path, source, *_ = CASES[name]
    for cut in range(0, len(source), 17):
        read(path, source[:cut])


def test_a_large_file_is_not_parsed() -> None:
    language = language_of("m.py")
    assert language is not None
    assert parse(language, "x = 1\n" * 200_000) is None
