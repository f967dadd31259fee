"""Pages for shoppers, made on the server: plain HTML that works without script."""
