"""What `AdaptationMonitor` looks for, one file for each kind of check."""
