; Definitions
(function_declaration name: (identifier) @name) @definition.function
(function_declaration name: (dot_index_expression table: (identifier) @container field: (identifier) @name)) @definition.function
(function_declaration name: (method_index_expression table: (identifier) @container method: (identifier) @name)) @definition.method
(assignment_statement (variable_list name: (dot_index_expression table: (identifier) @container field: (identifier) @name))
  (expression_list value: (function_definition))) @definition.function
(chunk (variable_declaration (assignment_statement (variable_list name: (identifier) @name))) @definition.constant)
(chunk (assignment_statement (variable_list name: (identifier) @name)) @definition.constant)

; References
(function_call name: (identifier) @reference.call)
(function_call name: (dot_index_expression field: (identifier) @reference.call))
(function_call name: (method_index_expression method: (identifier) @reference.call))

; Imports
(assignment_statement (variable_list name: (identifier) @import.alias)
  (expression_list value: (function_call name: (identifier) @_require
    arguments: (arguments (string content: (string_content) @import.module))))
  (#eq? @_require "require"))
