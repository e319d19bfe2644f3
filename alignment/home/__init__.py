"""What stands around every page, and the first page of each role: composes selectors of the apps below."""
