"""Do it: run a bound pipeline and say what happened, attempt by attempt."""
