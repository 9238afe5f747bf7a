"""Everything that starts, stops and tests the system on one machine. Only the standard library until the venv exists."""
