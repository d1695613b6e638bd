; Definitions
((call target: (identifier) @_keyword (arguments (alias) @name)) @definition.class
  (#any-of? @_keyword "defmodule" "defprotocol"))
((call target: (identifier) @_keyword (arguments (call target: (identifier) @name))) @definition.function
  (#any-of? @_keyword "def" "defp" "defmacro" "defmacrop"))
((call target: (identifier) @_keyword (arguments (identifier) @name)) @definition.function
  (#any-of? @_keyword "def" "defp" "defmacro" "defmacrop"))

; References
(call target: (dot right: (identifier) @reference.call))
(call target: (identifier) @reference.call)

; Imports
((call target: (identifier) @_keyword (arguments . (alias) @import.module))
  (#any-of? @_keyword "alias" "import" "use" "require"))
