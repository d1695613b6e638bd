"""What looks at a change: each module makes one pass, of the form that `types` says."""
