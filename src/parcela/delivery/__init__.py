"""The delivery worker: claims letters, has them written by the door that owns them, sends and records."""
