"""What w2s does when files, disks and processes fail."""
