"""What `python -m clients.python.generate` wrote; do not edit."""
