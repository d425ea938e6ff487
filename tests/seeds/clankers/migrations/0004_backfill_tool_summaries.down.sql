UPDATE tools SET summary = NULL;
