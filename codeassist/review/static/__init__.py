"""What the changed files and the index tell of a change for sure, without any model.

    shapes        parameters, and whether a call fits them
    heads         a text -> its functions and classes
    trees         the reviewed repository's files with their syntax, each read once
    python_files  a Python file's own imports, definitions and assignments
    python_names  what a name means in a Python file, through imports, classes and plain assignments
    definitions   how a file's functions differ before and after
    decorators    those of the repository that leave parameters alone; handing_on: their wrappers
    signatures    calls that a changed signature leaves behind
    meant_to_fail code that is there to raise
    removed       what is gone and still used; gone_members, gone_modules: methods, whole files
    unstaged      modules that staged code imports, and that git does not know
    parameters    new parameters that nothing uses
    untested      changed code whose tests stayed as they were

A doubt keeps every one of them quiet. All read files and the index: for threads.
"""
