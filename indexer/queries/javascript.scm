; Definitions
(class_declaration name: (_) @name) @definition.class
(function_declaration name: (identifier) @name) @definition.function
(generator_function_declaration name: (identifier) @name) @definition.function
(method_definition name: (_) @name) @definition.method
(field_definition property: (_) @name) @definition.field
(program (lexical_declaration (variable_declarator name: (identifier) @name
  value: [(arrow_function) (function_expression)]) @definition.function))
(export_statement (lexical_declaration (variable_declarator name: (identifier) @name
  value: [(arrow_function) (function_expression)]) @definition.function))
(program (lexical_declaration (variable_declarator name: (identifier) @name) @definition.constant))
(program (variable_declaration (variable_declarator name: (identifier) @name) @definition.constant))
(export_statement (lexical_declaration (variable_declarator name: (identifier) @name) @definition.constant))
(assignment_expression left: (member_expression property: (property_identifier) @name)
  right: [(arrow_function) (function_expression)]) @definition.function

; References
(call_expression function: (identifier) @reference.call)
(call_expression function: (member_expression property: (property_identifier) @reference.call))
(new_expression constructor: (identifier) @reference.type)
(class_heritage (identifier) @reference.type)

; Inheritance
(class_declaration name: (_) @heir (class_heritage) @bases)

; Imports
(import_statement (import_clause (identifier) @import.default) source: (string (string_fragment) @import.module))
(import_statement (import_clause (namespace_import (identifier) @import.alias))
  source: (string (string_fragment) @import.module))
(import_statement (import_clause (named_imports (import_specifier name: (_) @import.name !alias)))
  source: (string (string_fragment) @import.module))
(import_statement (import_clause (named_imports (import_specifier name: (_) @import.name alias: (_) @import.alias)))
  source: (string (string_fragment) @import.module))
(import_statement . "import" . source: (string (string_fragment) @import.module))
(export_statement (export_clause (export_specifier name: (_) @import.name !alias))
  source: (string (string_fragment) @import.module))
(export_statement (export_clause (export_specifier name: (_) @import.name alias: (_) @import.alias))
  source: (string (string_fragment) @import.module))
(export_statement "*" @import.name source: (string (string_fragment) @import.module))
(export_statement (namespace_export (_) @import.alias) source: (string (string_fragment) @import.module))
(export_statement !source (export_clause (export_specifier name: (_) @import.own alias: (_) @import.alias)))
(export_statement "default" @import.alias value: (identifier) @import.own)
((assignment_expression left: (member_expression object: (identifier) @_module property: (property_identifier) @_exports)
  right: (identifier) @import.own)
  (#eq? @_module "module") (#eq? @_exports "exports"))
(variable_declarator
  name: [
    (identifier) @import.alias
    (object_pattern [
      (shorthand_property_identifier_pattern) @import.name
      (pair_pattern key: (property_identifier) @import.name value: (identifier) @import.alias)
    ])
  ]
  value: [
    (call_expression function: (identifier) @_require arguments: (arguments . (string (string_fragment) @import.module)))
    (await_expression (call_expression function: (import)
      arguments: (arguments . (string (string_fragment) @import.module))))
  ]
  (#eq? @_require "require"))
(variable_declarator name: (identifier) @import.alias value: (member_expression
    object: (call_expression function: (identifier) @_require arguments: (arguments . (string (string_fragment) @import.module)))
    property: (property_identifier) @import.name)
  (#eq? @_require "require"))
