"""Mail servers: SMTP, and the sandbox's post office, which keeps what is sent in a folder."""
