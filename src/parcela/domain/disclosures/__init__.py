"""What the law of a country adds to a plan's ten facts, and the proof of what was shown."""
