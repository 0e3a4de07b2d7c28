"""What integrations share: waiting for imports, patching, units of work, and the bases of their families."""
