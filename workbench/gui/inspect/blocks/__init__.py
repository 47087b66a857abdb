"""What single blocks are good for, and what flows through them."""
