"""Real servers that nobody here wrote, each installed and started for a look at what this client sends."""
