"""What runs inside the sandbox: knows no answers."""
