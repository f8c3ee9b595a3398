"""What runs beside the answers: keeping the velocity store filled."""
