"""What the workbench knows without torch and without Qt."""
