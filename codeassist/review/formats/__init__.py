"""A report in the forms that other programs read: pure functions of the report.

prefix: what leads from the root of the repository to the workspace, "" or with a slash at its end: other programs name
files from that root.
"""
