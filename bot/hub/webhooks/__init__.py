"""What hooks are told, a module for each subject, and how it is signed and delivered."""
