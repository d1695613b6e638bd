"""What analysers of security say of the lines of a change, and advisories of the dependencies that it adds.

bandit             Python, in this process: it parses the staged text and imports nothing of it
bandit_settings    what the project has told bandit
noqa               what a file has told ruff of the same checks
semgrep            any language, by rules that the user has; a process that is ended when time is up
declared           dependency files -> packages with their versions, by line
advisories         a file or folder of OSV advisories; nothing is fetched
versions           which versions an advisory means
dependencies       the packages of changed lines that an advisory speaks of
"""
