; Definitions
(class_declaration name: (identifier) @name) @definition.class
(object_declaration name: (identifier) @name) @definition.class
(type_alias type: (identifier) @name) @definition.type
(function_declaration name: (identifier) @name) @definition.function
(class_body (property_declaration (variable_declaration (identifier) @name)) @definition.field)
(source_file (property_declaration (variable_declaration (identifier) @name)) @definition.constant)
(enum_entry (identifier) @name) @definition.field
; The grammar takes these for expressions where an annotation stands above them.
((infix_expression (identifier) @_modifier (identifier) @_keyword
  [(identifier) @name (call_expression . (identifier) @name)]) @definition.class
  (#any-of? @_modifier "annotation" "enum" "data" "sealed" "value") (#eq? @_keyword "class"))
((infix_expression (identifier) @_modifier (identifier) @_keyword (identifier) @name) @definition.constant
  (#eq? @_modifier "const") (#eq? @_keyword "val"))

; References
(call_expression . (identifier) @reference.call)
(call_expression . (navigation_expression (identifier) @reference.call .))
(user_type (identifier) @reference.type)

; Inheritance
(class_declaration name: (identifier) @heir (delegation_specifiers) @bases)
(object_declaration name: (identifier) @heir (delegation_specifiers) @bases)

; Imports
(import) @import.tree
