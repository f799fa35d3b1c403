"""What a plugin declares: frozen values that import no validation library."""
