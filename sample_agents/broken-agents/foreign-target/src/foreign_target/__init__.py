"""Its manifest says that its agent is ``os.system``."""
