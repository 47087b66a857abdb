"""What the window looks at: the recorded runs, and which run, epoch, image and classes of them are chosen."""
