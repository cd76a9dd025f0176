"""Says what goes into a run and comes out of it: criteria, brief, conversation with the model, bundle."""
