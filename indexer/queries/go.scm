; Definitions
(type_spec name: (type_identifier) @name type: [(struct_type) (interface_type)]) @definition.class
(type_spec name: (type_identifier) @name) @definition.type
(type_alias name: (type_identifier) @name) @definition.type
(function_declaration name: (identifier) @name) @definition.function
(method_declaration receiver: (parameter_list (parameter_declaration type: (pointer_type (type_identifier) @container)))
  name: (field_identifier) @name) @definition.method
(method_declaration receiver: (parameter_list (parameter_declaration type: (type_identifier) @container))
  name: (field_identifier) @name) @definition.method
(method_declaration receiver: (parameter_list (parameter_declaration
    type: [(pointer_type (generic_type type: (type_identifier) @container)) (generic_type type: (type_identifier) @container)]))
  name: (field_identifier) @name) @definition.method
(field_declaration name: (field_identifier) @name) @definition.field
(method_elem name: (field_identifier) @name) @definition.method
(source_file (const_declaration (const_spec name: (identifier) @name) @definition.constant))
(source_file (var_declaration (var_spec name: (identifier) @name) @definition.constant))
(source_file (var_declaration (var_spec_list (var_spec name: (identifier) @name) @definition.constant)))

; References
(call_expression function: (identifier) @reference.call)
(call_expression function: (selector_expression field: (field_identifier) @reference.call))
(type_identifier) @reference.type

; Inheritance
(type_spec name: (type_identifier) @heir
  type: (struct_type (field_declaration_list (field_declaration !name type: (_) @bases))))
(type_spec name: (type_identifier) @heir type: (interface_type (type_elem) @bases))

; Imports
(import_spec !name path: (interpreted_string_literal (interpreted_string_literal_content) @import.module))
(import_spec name: (_) @import.alias path: (interpreted_string_literal (interpreted_string_literal_content) @import.module))
