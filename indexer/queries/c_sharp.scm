; Definitions
(class_declaration name: (identifier) @name) @definition.class
(interface_declaration name: (identifier) @name) @definition.class
(struct_declaration name: (identifier) @name) @definition.class
(enum_declaration name: (identifier) @name) @definition.class
(record_declaration name: (identifier) @name) @definition.class
(delegate_declaration name: (identifier) @name) @definition.type
(method_declaration name: (identifier) @name) @definition.method
(constructor_declaration name: (identifier) @name) @definition.method
(property_declaration name: (identifier) @name) @definition.field
(field_declaration (variable_declaration (variable_declarator name: (identifier) @name))) @definition.field

; References
(invocation_expression function: (identifier) @reference.call)
(invocation_expression function: (member_access_expression name: (identifier) @reference.call))
(object_creation_expression type: (identifier) @reference.type)
(base_list (identifier) @reference.type)
(parameter type: (identifier) @reference.type)
(variable_declaration type: (identifier) @reference.type)
(method_declaration returns: (identifier) @reference.type)

; Inheritance
(class_declaration name: (identifier) @heir (base_list) @bases)
(interface_declaration name: (identifier) @heir (base_list) @bases)
(struct_declaration name: (identifier) @heir (base_list) @bases)
(record_declaration name: (identifier) @heir (base_list) @bases)

; Imports
(using_directive !name [(identifier) (qualified_name)] @import.tree)
(using_directive name: (identifier) @import.alias [(identifier) (qualified_name)] @import.tree .)
