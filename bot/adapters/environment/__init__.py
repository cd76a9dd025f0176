"""Making a repository's environment: files read, hosts let through one by one, layers kept and handed out."""
