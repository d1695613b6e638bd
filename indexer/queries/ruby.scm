; Definitions
(class name: (constant) @name) @definition.class
(class name: (scope_resolution name: (constant) @name)) @definition.class
(module name: (_) @name) @definition.module
(method name: (_) @name) @definition.function
(singleton_method name: (_) @name) @definition.function
(assignment left: (constant) @name) @definition.constant
((call method: (identifier) @_attr arguments: (argument_list (simple_symbol) @name)) @definition.field
  (#match? @_attr "^attr_(reader|writer|accessor)$"))

; References
(call method: (identifier) @reference.call)
(call receiver: (constant) @reference.type)
(superclass (constant) @reference.type)
((call method: (identifier) @_mixin arguments: (argument_list (constant) @reference.type))
  (#match? @_mixin "^(include|extend|prepend)$"))

; Inheritance
(class name: (_) @heir superclass: (_) @bases)
((_ name: (_) @heir body: (body_statement (call method: (identifier) @_mixin arguments: (_) @bases)))
  (#any-of? @_mixin "include" "extend" "prepend"))

; Imports
((call method: (identifier) @_require arguments: (argument_list (string (string_content) @import.module)))
  (#any-of? @_require "require" "load" "require_dependency"))
((call method: (identifier) @_require arguments: (argument_list (string (string_content) @import.relative)))
  (#eq? @_require "require_relative"))
((call method: (identifier) @_autoload arguments: (argument_list
    (simple_symbol) @import.name (string (string_content) @import.module)))
  (#eq? @_autoload "autoload"))
