"""What an answer comes from: heat maps, feature maps, the nearest training images."""
