"""Where commands run that a model or a repository asked for: in bubblewrap, or, where somebody wished that, with nothing around them."""
