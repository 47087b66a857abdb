"""All test images by what the network makes of them."""
