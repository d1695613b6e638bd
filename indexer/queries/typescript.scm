; Definitions
(class_declaration name: (_) @name) @definition.class
(abstract_class_declaration name: (_) @name) @definition.class
(interface_declaration name: (_) @name) @definition.class
(enum_declaration name: (_) @name) @definition.class
(type_alias_declaration name: (_) @name) @definition.type
(internal_module name: (_) @name) @definition.module
(function_signature name: (identifier) @name) @definition.function
(method_signature name: (_) @name) @definition.method
(abstract_method_signature name: (_) @name) @definition.method
(property_signature name: (_) @name) @definition.field
(function_declaration name: (identifier) @name) @definition.function
(generator_function_declaration name: (identifier) @name) @definition.function
(method_definition name: (_) @name) @definition.method
(public_field_definition name: (_) @name) @definition.field
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
(extends_clause value: (identifier) @reference.type)
(type_annotation (type_identifier) @reference.type)
(type_arguments (type_identifier) @reference.type)
(implements_clause (type_identifier) @reference.type)
(implements_clause (generic_type name: (type_identifier) @reference.type))
(type_annotation (generic_type name: (type_identifier) @reference.type))
(extends_type_clause type: (type_identifier) @reference.type)

; Inheritance
(class_declaration name: (_) @heir (class_heritage) @bases)
(abstract_class_declaration name: (_) @heir (class_heritage) @bases)
(interface_declaration name: (_) @heir (extends_type_clause) @bases)

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
(import_statement (import_require_clause (identifier) @import.alias source: (string (string_fragment) @import.module)))
(export_statement "=" (identifier) @import.own)
