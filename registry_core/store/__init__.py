"""What we remember of runs: kept while they happen, read and resumed by any process."""
