"""What came of a lab: its runs compared, and the report as a file. Without torch."""
