; Definitions
(class_declaration name: (name) @name) @definition.class
(interface_declaration name: (name) @name) @definition.class
(trait_declaration name: (name) @name) @definition.class
(enum_declaration name: (name) @name) @definition.class
(function_definition name: (name) @name) @definition.function
(method_declaration name: (name) @name) @definition.method
(property_declaration (property_element name: (variable_name (name) @name))) @definition.field
(class_declaration body: (declaration_list (const_declaration (const_element (name) @name)) @definition.field))
(program (const_declaration (const_element (name) @name)) @definition.constant)

; References
(function_call_expression function: (name) @reference.call)
(member_call_expression name: (name) @reference.call)
(scoped_call_expression name: (name) @reference.call)
(scoped_call_expression scope: (name) @reference.type)
(object_creation_expression (name) @reference.type)
(named_type (name) @reference.type)
(base_clause (name) @reference.type)
(class_interface_clause (name) @reference.type)

; Inheritance
(class_declaration name: (name) @heir (base_clause) @bases)
(class_declaration name: (name) @heir (class_interface_clause) @bases)
(class_declaration name: (name) @heir body: (declaration_list (use_declaration) @bases))
(interface_declaration name: (name) @heir (base_clause) @bases)
(enum_declaration name: (name) @heir (class_interface_clause) @bases)
(trait_declaration name: (name) @heir body: (declaration_list (use_declaration) @bases))

; Imports
(namespace_use_declaration) @import.tree
(require_once_expression (_) @import.module)
(require_expression (_) @import.module)
(include_expression (_) @import.module)
(include_once_expression (_) @import.module)
