"""What could be built: plans from what is had to what is wanted, best first."""
