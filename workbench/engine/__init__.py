"""Everything that computes with torch. Knows neither Qt nor a screen."""
