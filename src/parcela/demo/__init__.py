"""The demo: a client, in the shoes of a partner and of an issuer, that starts a server and calls it."""
