; Definitions
(class_definition name: (identifier) @name) @definition.class
(trait_definition name: (identifier) @name) @definition.class
(object_definition name: (identifier) @name) @definition.class
(enum_definition name: (identifier) @name) @definition.class
(type_definition name: (type_identifier) @name) @definition.type
(function_definition name: (identifier) @name) @definition.function
(function_declaration name: (identifier) @name) @definition.function
(template_body (val_definition pattern: (identifier) @name) @definition.field)
(template_body (var_definition pattern: (identifier) @name) @definition.field)
(compilation_unit (val_definition pattern: (identifier) @name) @definition.constant)

; References
(call_expression function: (identifier) @reference.call)
(call_expression function: (field_expression field: (identifier) @reference.call))
(type_identifier) @reference.type

; Inheritance
(class_definition name: (identifier) @heir extend: (_) @bases)
(trait_definition name: (identifier) @heir extend: (_) @bases)
(object_definition name: (identifier) @heir extend: (_) @bases)

; Imports
(import_declaration) @import.tree
