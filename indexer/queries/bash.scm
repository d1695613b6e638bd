; Definitions
(function_definition name: (word) @name) @definition.function
(program (variable_assignment name: (variable_name) @name) @definition.constant)
(program (declaration_command (variable_assignment name: (variable_name) @name)) @definition.constant)

; References
(command name: (command_name (word) @reference.call))

; Imports
((command name: (command_name (word) @_source) . argument: (_) @import.module)
  (#any-of? @_source "source" "."))
