"""What the HTTP endpoint costs, and what it does for many clients: see bench/README.md."""
