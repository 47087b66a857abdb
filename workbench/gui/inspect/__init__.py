"""What a network says of the test images: gallery, one image, confusion matrix, classes."""
