; Definitions
(class_declaration name: (type_identifier) @name) @definition.class
(class_declaration name: (user_type (type_identifier) @name)) @scope
(protocol_declaration name: (type_identifier) @name) @definition.class
(typealias_declaration name: (type_identifier) @name) @definition.type
(function_declaration name: (simple_identifier) @name) @definition.function
(protocol_function_declaration name: (simple_identifier) @name) @definition.method
(init_declaration "init" @name) @definition.method
(class_body (property_declaration name: (pattern (simple_identifier) @name)) @definition.field)
(source_file (property_declaration name: (pattern (simple_identifier) @name)) @definition.constant)
(enum_entry name: (simple_identifier) @name) @definition.field

; References
(call_expression . (simple_identifier) @reference.call)
(call_expression . (navigation_expression suffix: (navigation_suffix suffix: (simple_identifier) @reference.call)))
(user_type (type_identifier) @reference.type)

; Inheritance
(class_declaration name: (_) @heir (inheritance_specifier) @bases)
(protocol_declaration name: (_) @heir (inheritance_specifier) @bases)

; Imports
(import_declaration (identifier) @import.module)
