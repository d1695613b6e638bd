; Definitions
(class_declaration name: (identifier) @name) @definition.class
(interface_declaration name: (identifier) @name) @definition.class
(enum_declaration name: (identifier) @name) @definition.class
(record_declaration name: (identifier) @name) @definition.class
(annotation_type_declaration name: (identifier) @name) @definition.type
(method_declaration name: (identifier) @name) @definition.method
(constructor_declaration name: (identifier) @name) @definition.method
(field_declaration declarator: (variable_declarator name: (identifier) @name)) @definition.field

; References
(method_invocation name: (identifier) @reference.call)
(object_creation_expression type: (type_identifier) @reference.type)
(type_identifier) @reference.type

; Inheritance
(class_declaration name: (identifier) @heir superclass: (_) @bases)
(class_declaration name: (identifier) @heir interfaces: (_) @bases)
(interface_declaration name: (identifier) @heir (extends_interfaces) @bases)
(record_declaration name: (identifier) @heir interfaces: (_) @bases)
(enum_declaration name: (identifier) @heir interfaces: (_) @bases)

; Imports
(import_declaration) @import.tree
